"""Arrays in files that may be larger than memory.

They are mapped: the system reads a page of the file when it is asked for, and counts it to the
process from then on, though it can have the page back at any time. Whoever has read much of a
file gives the pages back, so that what a process holds says what it needs.
"""

from __future__ import annotations

import math
import mmap
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from kspec.data.base import Array, Rows

LARGE: Final = 2**28  # bytes: smaller arrays are copied where some of their rows are chosen
_SPAN: Final = 2**28  # bytes of a file whose pages are held while rows are read


class Mapped:
    """A large mapped array, or some of its rows, which stay in the file until they are asked for.

    It stands where an array would: rows are taken by numbers or a slice.
    Whatever else an array can do is done with a copy of all of them.

    Args:
        base: The mapped array.
        rows: The numbers of the rows; all by default.
    """

    def __init__(self, base: Array, rows: Rows | None = None) -> None:
        self.base: Final = base
        self.rows: Final = rows
        self.shape: Final = (len(base) if rows is None else len(rows), *base.shape[1:])
        self.ndim: Final = base.ndim
        self.dtype: Final = base.dtype
        self.flags: Final = base.flags
        self.size: Final = math.prod(self.shape)
        self.nbytes: Final = self.size * base.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Array:
        import numpy as np

        rows = np.arange(len(self))[key] if self.rows is None else self.rows[key]
        if np.ndim(rows) != 1:
            return self.base[rows]
        found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        for part in self._spans(rows):
            found[part] = self.base[rows[part]]
            release(self.base)
        return found

    def _spans(self, rows: Rows) -> list[Rows]:
        """The places in `rows` of those that are near each other in the file, span by span."""
        import numpy as np

        order = np.argsort(rows, kind="stable")
        spans = rows[order].astype(np.int64) * (self.base.nbytes // len(self.base)) // _SPAN
        return np.split(order, np.flatnonzero(np.diff(spans)) + 1)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        import numpy as np

        return np.asarray(self[:], dtype)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # NumPy asks for several ways to see it as an array
            raise AttributeError(name)
        return getattr(self.__array__(), name)


def in_file(array: Array) -> Array:
    """The array; a large one that is mapped as `Mapped`."""
    if array.nbytes < LARGE or _mapping(array) is None:
        return array
    return cast("Array", Mapped(array))


def some(array: Array, rows: Rows) -> Array:
    """Some rows: a copy, but for those of `Mapped`."""
    if not isinstance(cast("object", array), Mapped):
        return array[rows]
    mapped = cast("Mapped", array)
    return cast("Array", Mapped(mapped.base, rows if mapped.rows is None else mapped.rows[rows]))


def release(array: Array) -> None:
    """Give back the pages of the file that an array is mapped from, if it is; reading goes on."""
    mapping = _mapping(array)
    if mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapping.madvise(mmap.MADV_DONTNEED)


def _mapping(array: object) -> mmap.mmap | None:
    """What an array, or the one that it is a part of, is mapped by; None for one in memory.

    Pages that were written are no longer those of the file, so that mappings for writing are
    left alone.
    """
    while array is not None and not isinstance(array, mmap.mmap):
        writable = getattr(getattr(array, "flags", None), "writeable", False)
        array = None if writable else getattr(array, "base", None)
    return array
