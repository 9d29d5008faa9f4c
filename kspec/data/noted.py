"""Arrays that are files of the user's, mapped into memory: their rows are read when they are used.

What is done to such a file is done to the array. Where it is cut off, the system even ends the
process that reads it. A file of another name, or none, is no harm: what is mapped is still there.
Files of the cache are kspec's own: nobody writes to them.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from kspec.data.mapped import Mapped
from kspec.data.paths import unreadable

if TYPE_CHECKING:
    from kspec.data.base import Array

_Note: TypeAlias = tuple[tuple[int, int], tuple[int, int]]  # which file; its size and time


class Noted(np.memmap[Any, Any]):
    """A mapped file that knows what the file was when it was mapped.

    Attributes:
        shown: What messages call it.
        noted: Which file it was, its size and its time.
    """

    shown: str = ""
    noted: _Note | None = None

    def __array_finalize__(self, obj: object) -> None:
        """Parts of it are mapped, too; a copy is not."""
        super().__array_finalize__(obj)
        if isinstance(obj, Noted) and self.filename is not None:
            self.shown, self.noted = obj.shown, obj.noted


def noted(array: np.memmap[Any, Any], file: Path, shown: str) -> Noted:
    """Note what the file of an array is now.

    Args:
        array: The array, just mapped.
        file: Its file.
        shown: What messages call it.
    """
    view = array.view(Noted)
    view.shown, view.noted = shown, _note(file)
    return view


def noted_of(arrays: Iterable[Array]) -> tuple[Noted, ...]:
    """Those that are mapped, one a file."""
    bases = [each.base if isinstance(each, Mapped) else each for each in arrays]
    found = [each for each in bases if isinstance(each, Noted) and each.noted is not None]
    return tuple({str(each.filename): each for each in found}.values())


def check_noted(arrays: Iterable[Noted]) -> None:
    """Raises SpecError where the file of one has been written to, or was cut off."""
    for each in arrays:
        now, then = _note(Path(str(each.filename))), each.noted
        if now is not None and then is not None and now[0] == then[0] and now[1] != then[1]:
            raise unreadable(each.shown, "it was changed while it was read")


def in_memory(array: Array) -> Array:
    """A copy of an array that is such a file; others as they are."""
    return np.array(array) if isinstance(array, Noted) else np.asarray(array)


def _note(file: Path) -> _Note | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino), (found.st_size, found.st_mtime_ns)
