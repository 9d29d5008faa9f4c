"""Write files so that a reader sees the old text or the new one, never a part.

So does who comes after a power failure: what has a name has been brought to the disk before, and
the name is brought there at once.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import FileUnwritable

Stamp: TypeAlias = "tuple[int, int] | None"


def stamp(path: Path) -> Stamp:
    """What changes when a file does: its time and size; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


@contextmanager
def writing(path: Path) -> Generator[None]:
    """Report what the system says against writing here. Raises SpecError."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        if isinstance(error, FileExistsError):  # a file where a folder should be
            reason = os.strerror(errno.ENOTDIR)
        raise SpecError((FileUnwritable(span=None, path=path.as_posix(), reason=reason),)) from None


def make_folder(path: Path) -> None:
    """Make a folder and those around it. Raises SpecError."""
    with writing(path):
        made = [each for each in (path, *path.parents) if not each.exists()]
        path.mkdir(parents=True, exist_ok=True)
        for each in made:
            sync_folder(each.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk. Raises OSError."""
    if os.name == "nt":  # which opens no folders
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def replacing(path: Path, *, lasting: bool = True) -> Generator[Path]:
    """A file to write beside `path`, which takes its place at the end, whole or not at all.

    A link is followed, and the file's mode stays.

    Args:
        path: The file.
        lasting: Whether it is to be on the disk at the end, and not soon. A power failure may
            leave a part of one that is not, so its reader must know a whole one.

    Raises:
        SpecError: It cannot be written; what was there is there still.
    """
    target = path.resolve()
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with writing(path):
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists() and not os.access(target, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            temporary.touch()
            if target.exists():
                temporary.chmod(target.stat().st_mode & 0o777)
            yield temporary
            if lasting:
                with temporary.open("rb") as file:
                    os.fsync(file.fileno())
            temporary.replace(target)
            if lasting:
                sync_folder(target.parent)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a file, whole or not at all. Raises SpecError."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: object) -> None:
    """Write JSON, whole or not at all. Raises SpecError."""
    write_text(path, json.dumps(value, indent=2) + "\n")
