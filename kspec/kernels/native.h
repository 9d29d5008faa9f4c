// What kspec's functions for CPUs share: vectors, tiles of products, and threads.
//
// Products stay in registers: a tile has up to ROWS rows, and up to two vectors of columns. What
// it multiplies with is packed into panels of two vectors. Threads of XLA share work in parts that
// do not depend on who takes them: the same machine always gives the same bits.
//
// Source: Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication, 2008.

#ifndef KSPEC_NATIVE_H_
#define KSPEC_NATIVE_H_

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "native_call.h"

// Of functions that several places call, and that inlining would only make longer to compile.
#define OUTLINED __attribute__((noinline))

namespace {

// Numbers of a vector, and how many registers have one.
#if defined(__AVX512F__)
constexpr Size WIDE = 16, REGISTERS = 32;
#elif defined(__AVX__)
constexpr Size WIDE = 8, REGISTERS = 16;
#elif defined(__aarch64__)
constexpr Size WIDE = 4, REGISTERS = 32;
#else
constexpr Size WIDE = 4, REGISTERS = 16;
#endif
constexpr Size PANEL = 2 * WIDE;
// Rows of a tile: its sums fit beside two vectors of a panel, and a number of the left operand.
constexpr Size ROWS = (REGISTERS - 3) / 2;

typedef float Vector __attribute__((vector_size(4 * WIDE), aligned(4)));

// Keeps a vector in a register. Compilers read it again for each product, and wait for memory.
inline void keep(Vector& vector) {
#if defined(__x86_64__)
  asm("" : "+v"(vector));
#elif defined(__aarch64__)
  asm("" : "+w"(vector));
#endif
}

// The left operand of a tile, and how many products it adds up: `runs` times `length`, from
// `runs` places that are `leap` apart. Rows are `row` apart, and the products of a run `next`.
struct Left {
  const float* at;
  Size row, next, runs, length, leap;
};

// Sums, so many vectors a row, become rows of `columns` numbers, or are added to them.
OUTLINED void place(const Vector* sums, Size rows, Size vectors, float* to, Size apart,
                    Size columns, bool add) {
  for (Size row = 0; row < rows; row++, sums += vectors, to += apart) {
    const float* found = reinterpret_cast<const float*>(sums);
    Size at = 0;
    for (; at + WIDE <= columns; at += WIDE) {
      Vector& own = *reinterpret_cast<Vector*>(to + at);
      own = add ? own + sums[at / WIDE] : sums[at / WIDE];
    }
    for (; at < columns; at++) to[at] = add ? to[at] + found[at] : found[at];
  }
}

// to[R, columns] = or += left times a panel, which has a vector of each product's row, or two.
template <int R, int VECTORS>
void tile(Left left, const float* panel, float* to, Size apart, Size columns, bool add) {
  Vector sums[R][VECTORS] = {};
  for (Size run = 0; run < left.runs; run++) {
    const float* a = left.at + run * left.leap;
    for (Size k = 0; k < left.length; k++, a += left.next, panel += PANEL) {
      Vector first = *reinterpret_cast<const Vector*>(panel);
      Vector second = *reinterpret_cast<const Vector*>(panel + (VECTORS - 1) * WIDE);
      keep(first), keep(second);
      for (int r = 0; r < R; r++) {
        const float scale = a[r * left.row];
        sums[r][0] += scale * first;
        if (VECTORS == 2) sums[r][VECTORS - 1] += scale * second;
      }
    }
  }
  Vector found[R][VECTORS];  // in memory, where sums are not
  for (int r = 0; r < R; r++)
    for (int v = 0; v < VECTORS; v++) found[r][v] = sums[r][v];
  place(found[0], R, VECTORS, to, apart, columns, add);
}

using Tile = void (*)(Left, const float*, float*, Size, Size, bool);

// The tile of so many rows.
template <int VECTORS, int... R>
Tile tile_of(Size rows, std::integer_sequence<int, R...>) {
  static constexpr Tile known[] = {tile<R + 1, VECTORS>...};
  return known[rows - 1];
}

// All rows of the left operand, in tiles of about equal size.
void multiply(Left left, Size rows, const float* panel, float* to, Size apart, Size columns,
              bool add) {
  const std::make_integer_sequence<int, ROWS> sizes;
  const Size count = (rows + ROWS - 1) / ROWS, each = (rows + count - 1) / count;
  for (Size row = 0; row < rows; row += each) {
    const Size size = std::min(each, rows - row);
    Left part = left;
    part.at += row * left.row;
    const Tile fit = columns <= WIDE ? tile_of<1>(size, sizes) : tile_of<2>(size, sizes);
    fit(part, panel, to + row * apart, apart, columns, add);
  }
}

// Parts of some work, which this thread and those of XLA take one after the other. The last who
// leaves deletes it.
template <typename Part>
struct Work {
  Part part;
  Size parts;
  std::atomic<Size> taken{0}, done{0}, users{1};
  std::atomic<bool> failed{false};

  Work(Part part, Size parts) : part(part), parts(parts) {}

  // Outlined: compiled once for each place that starts it, two copies could round in two ways.
  OUTLINED void take() {
    for (Size number; (number = taken.fetch_add(1)) < parts;) {
      try {
        part(number);
      } catch (const std::bad_alloc&) {
        failed = true;
      }
      done.fetch_add(1, std::memory_order_release);
    }
  }

  void leave() {
    if (users.fetch_sub(1) == 1) delete this;
  }
};

template <typename Part>
Error share(const Threads& threads, Size parts, Part part) {
  auto* work = new Work<Part>(part, parts);
  try {
    for (Size other = 1; other < std::min<Size>(threads.count(), parts); other++) {
      work->users.fetch_add(1);
      threads.start([work] {
        work->take();
        work->leave();
      });
    }
  } catch (const std::bad_alloc&) {  // those that have started are enough
    work->leave();
  }
  work->take();
  while (work->done.load(std::memory_order_acquire) < parts) sched_yield();
  const bool failed = work->failed;
  work->leave();
  return failed ? no_memory() : Error();
}

Size panels(Size columns) { return (columns + PANEL - 1) / PANEL; }

// [rows, columns] as panels[columns / PANEL][rows][PANEL], with zeros beyond the last column.
void pack(const float* from, Size rows, Size columns, float* to) {
  for (Size first = 0; first < columns; first += PANEL) {
    const Size width = std::min(PANEL, columns - first);
    for (Size row = 0; row < rows; row++, to += PANEL) {
      std::memcpy(to, from + row * columns + first, 4 * width);
      std::fill(to + width, to + PANEL, 0.0f);
    }
  }
}

}  // namespace

#endif  // KSPEC_NATIVE_H_
