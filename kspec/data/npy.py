"""NumPy's files of one array each."""

from __future__ import annotations

import ast
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, final

from kspec.data.arrays import ArrayTable
from kspec.data.base import DataSource, Table, source
from kspec.data.columns import check_fields
from kspec.data.npz import plain
from kspec.data.paths import resolve, unreadable
from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import FieldMissing

if TYPE_CHECKING:
    import numpy as np

    from kspec.data.base import Array

_LONGEST_HEAD: Final = 10_000  # bytes; those of arrays that fields can be are far shorter


@final
@source("npy")
class Npy(DataSource):
    """One NumPy file a field: `npy(image="images.npy", label="labels.npy")`.

    Their arrays are mapped into memory, and may be larger than it.
    """

    free_args = True

    def check(self) -> str | None:
        """Fields are names of files."""
        return check_fields(self.extra, several=False)

    def open(self, folder: Path) -> Table:
        """Map every file."""
        if not self.extra:
            raise SpecError((FieldMissing.of(None, "image", "`npy()`", ()),))
        arrays = {
            field: read_npy(resolve(folder, path), path) for field, path in self.extra.items()
        }
        origins = {field: f"`{path}`" for field, path in self.extra.items()}
        return ArrayTable(arrays, "npy(...)", origins)


def read_npy(file: Path, shown: str) -> Array:
    """The array in a NumPy file, mapped if its bytes are in this machine's order.

    Raises:
        SpecError: It is no such file, is not as long as it says, or holds no plain array.
    """
    import numpy as np

    from kspec.data.noted import noted

    try:
        with file.open("rb") as stream:
            shape, fortran, dtype = _head(stream, shown)
            start = stream.tell()
            follows = stream.seek(0, os.SEEK_END) - start
        size = math.prod(shape) * dtype.itemsize
        if follows != size:
            promised = f"its header promises {size:,} bytes of data"
            raise unreadable(shown, f"{promised}, and {follows:,} follow")
        order = "F" if fortran else "C"
        array = noted(np.memmap(file, dtype, "r", start, shape, order), file, shown)
    except (ValueError, OSError, OverflowError) as error:
        raise unreadable(shown, str(error).split("\n")[0]) from None
    return plain(array, "it", shown)


def _head(stream: BinaryIO, shown: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether columns come first, and element type."""
    import numpy as np

    start = stream.read(8)
    if start[:6] != b"\x93NUMPY":
        raise unreadable(shown, "it does not start as a .npy file does")
    wide = start[6:] != b"\x01\x00"  # versions from 2.0 on have longer headers
    size = int.from_bytes(stream.read(4 if wide else 2), "little")
    text = stream.read(min(size, _LONGEST_HEAD))
    try:
        head: Any = ast.literal_eval(text.decode("utf-8").strip())
        shape, fortran, dtype = head["shape"], head["fortran_order"], np.dtype(head["descr"])
        fits = len(text) == size and all(type(axis) is int and axis >= 0 for axis in shape)
    except (SyntaxError, ValueError, TypeError, KeyError, RecursionError, MemoryError):
        fits, shape, fortran, dtype = False, (), False, np.dtype("u1")
    if not fits:
        raise unreadable(shown, "its header is damaged")
    if dtype.hasobject:
        raise unreadable(shown, "it holds Python objects, which could run code and are not read")
    return tuple(shape), bool(fortran), dtype
