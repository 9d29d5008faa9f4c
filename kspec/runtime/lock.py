"""One process at a time in a run folder, by a lock that the system takes back at its end."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import RunLocked
from kspec.files import writing

NAME: Final = ".lock"


@contextmanager
def locked(folder: Path) -> Generator[None]:
    """Hold a run folder. Where the system has no `flock`, that is on Windows, nothing is held.

    Raises:
        SpecError: Another process holds it, or it cannot be written to.
    """
    path = folder / NAME
    with writing(path):
        number = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        with writing(path):
            if not _take(number):
                raise SpecError((RunLocked(span=None, path=folder.as_posix(), holder=_of(number)),))
            os.ftruncate(number, 0)
            os.pwrite(number, f"{os.getpid()} {socket.gethostname()}\n".encode(), 0)
        yield
    finally:
        with suppress(OSError):  # a full disk; what matters is that it is closed
            os.ftruncate(number, 0)
        os.close(number)


def holder(folder: Path) -> str | None:
    """Who holds a run folder, if anybody does."""
    try:
        number = os.open(folder / NAME, os.O_RDONLY)
    except OSError:
        return None
    try:
        return None if _take(number) else _of(number)
    except OSError:
        return None
    finally:
        os.close(number)


def _take(number: int) -> bool:
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _of(number: int) -> str:
    words = os.pread(number, 300, 0).decode("utf-8", "replace").split()
    if len(words) != 2 or not words[0].isdigit():
        return "another process"
    here = "" if words[1] == socket.gethostname() else f" on {words[1]}"
    return f"process {words[0]}{here}"
