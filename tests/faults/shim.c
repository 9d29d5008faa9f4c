/* The n-th call that changes a file below a folder fails, or the process dies before it.

   FAULT_BELOW  the folder; calls elsewhere are not counted
   FAULT_AT     the number of the call, from 1; 0 only counts
   FAULT_ERRNO  what it fails with, that call and all later ones that write; 0 dies instead
   FAULT_LOG    a file that gets the number of calls at the end
   FAULT_TRACE  a file that gets a line for each call that has changed something: its kind, then
                W inode offset hex, T inode size, S inode, O inode path, M inode path, U path,
                R path to
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static long calls = 0;

static int below(const char *path) {
  const char *folder = getenv("FAULT_BELOW");
  char full[PATH_MAX * 2];
  if (!folder || !path) return 0;
  if (path[0] != '/') {
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here)) return 0;
    snprintf(full, sizeof full, "%s/%s", here, path);
    path = full;
  }
  return strncmp(path, folder, strlen(folder)) == 0;
}

static int below_fd(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, path, sizeof path - 1);
  if (size < 0) return 0;
  path[size] = 0;
  return below(path);
}

static int fails(int removes) {
  long now = __sync_add_and_fetch(&calls, 1);
  const char *text = getenv("FAULT_AT"), *number = getenv("FAULT_ERRNO");
  long at = text ? atol(text) : 0;
  const char *log = getenv("FAULT_LOG");
  if (log) {
    char line[32];
    int size = snprintf(line, sizeof line, "%ld\n", now);
    int fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT, 0644);
    if (fd >= 0) {
      syscall(SYS_write, fd, line, size);
      syscall(SYS_close, fd);
    }
  }
  if (!at || now < at) return 0;
  int error = number ? atoi(number) : 0;
  if (!error) syscall(SYS_exit_group, 137);
  if (error && removes) return 0;  /* what is full can still be emptied */
  errno = error;
  return 1;
}

/* One line, by one call, so that those of several threads do not mix. */
static void trace(const char *line, const void *data, size_t size) {
  const char *file = getenv("FAULT_TRACE");
  size_t head = strlen(line);
  char *all = file ? malloc(head + 2 * size + 2) : NULL;
  if (!all) return;
  memcpy(all, line, head);
  for (size_t i = 0; i < size; i++)
    sprintf(all + head + 2 * i, "%02x", ((const unsigned char *)data)[i]);
  all[head + 2 * size] = '\n';
  int fd = syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (fd >= 0) {
    syscall(SYS_write, fd, all, head + 2 * size + 1);
    syscall(SYS_close, fd);
  }
  free(all);
}
static void traced_fd(char kind, int fd, long at, const void *data, ssize_t size) {
  char line[64];
  struct stat about;
  if (size < 0 || !below_fd(fd) || fstat(fd, &about)) return;
  snprintf(line, sizeof line, "%c %lu %ld ", kind, (unsigned long)about.st_ino, at);
  trace(line, data, data ? size : 0);
}
static void traced(char kind, const char *path, const char *to, int failed) {
  char line[PATH_MAX * 2 + 64];
  struct stat about;
  if (failed || !below(to ? to : path)) return;
  if (kind != 'O' && kind != 'M')
    snprintf(line, sizeof line, "%c %s %s", kind, path, to ? to : "");
  else if (!stat(path, &about))
    snprintf(line, sizeof line, "%c %lu %s", kind, (unsigned long)about.st_ino, path);
  else
    return;
  trace(line, NULL, 0);
}

#define REAL(name)                   \
  static __typeof__(name) *real;     \
  if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *data, size_t size) {
  REAL(write);
  if (below_fd(fd) && fails(0)) return -1;
  ssize_t done = real(fd, data, size);
  traced_fd('W', fd, lseek(fd, 0, SEEK_CUR) - done, data, done);
  return done;
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
  REAL(pwrite64);
  if (below_fd(fd) && fails(0)) return -1;
  ssize_t done = real(fd, data, size, at);
  traced_fd('W', fd, at, data, done);
  return done;
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
  return pwrite64(fd, data, size, at);
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
  REAL(writev);
  if (below_fd(fd) && fails(0)) return -1;
  ssize_t done = real(fd, parts, count);
  long at = lseek(fd, 0, SEEK_CUR) - done, left = done;
  for (int i = 0; i < count && left > 0; i++) {
    long size = left < (long)parts[i].iov_len ? left : (long)parts[i].iov_len;
    traced_fd('W', fd, at + done - left, parts[i].iov_base, size);
    left -= size;
  }
  return done;
}
int fsync(int fd) {
  REAL(fsync);
  if (below_fd(fd) && fails(0)) return -1;
  int failed = real(fd);
  traced_fd('S', fd, 0, NULL, failed);
  return failed;
}
int rename(const char *from, const char *to) {
  REAL(rename);
  if (below(to) && fails(0)) return -1;
  int failed = real(from, to);
  traced('R', from, to, failed);
  return failed;
}
int unlink(const char *path) {
  REAL(unlink);
  if (below(path) && fails(1)) return -1;
  int failed = real(path);
  traced('U', path, NULL, failed);
  return failed;
}
int unlinkat(int folder, const char *path, int flags) {
  REAL(unlinkat);
  char whole[PATH_MAX * 2], link[64];
  if ((folder == AT_FDCWD ? below(path) : below_fd(folder)) && fails(1)) return -1;
  int failed = real(folder, path, flags);
  if (folder != AT_FDCWD && path[0] != '/') {
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t size = readlink(link, whole, PATH_MAX - 1);
    if (size < 0) return failed;
    snprintf(whole + size, sizeof whole - size, "/%s", path);
    path = whole;
  }
  traced('U', path, NULL, failed);
  return failed;
}
int mkdir(const char *path, mode_t mode) {
  REAL(mkdir);
  if (below(path) && fails(0)) return -1;
  int failed = real(path, mode);
  traced('M', path, NULL, failed);
  return failed;
}
int rmdir(const char *path) {
  REAL(rmdir);
  if (below(path) && fails(1)) return -1;
  int failed = real(path);
  traced('U', path, NULL, failed);
  return failed;
}
int ftruncate64(int fd, off64_t size) {
  REAL(ftruncate64);
  if (below_fd(fd) && fails(0)) return -1;
  int failed = real(fd, size);
  traced_fd('T', fd, size, NULL, failed);
  return failed;
}
static int changes(const char *path, int flags) {
  return (flags & (O_CREAT | O_TRUNC | O_WRONLY | O_RDWR)) && below(path);
}
#define OPEN(name)                                                     \
  int name(const char *path, int flags, ...) {                         \
    REAL(name);                                                        \
    va_list rest;                                                      \
    va_start(rest, flags);                                             \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                                      \
    if (changes(path, flags) && fails(0)) return -1;                   \
    int fd = real(path, flags, mode);                                  \
    if (flags & O_CREAT) traced('O', path, NULL, fd < 0);              \
    if (flags & O_TRUNC) traced_fd('T', fd, 0, NULL, fd);              \
    return fd;                                                         \
  }
OPEN(open)
OPEN(open64)
