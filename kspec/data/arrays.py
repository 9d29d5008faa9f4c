"""Arrays in memory: what Python gives, and what every small source becomes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from kspec.data.base import Column, DataSource, Table, source
from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import ArraysNeeded, EmptyData, LengthMismatch

if TYPE_CHECKING:
    from kspec.data.base import Array, Rows

_KINDS = {"f": "f", "i": "i", "u": "u", "b": "bool"}


class ArrayTable:
    """Columns that are NumPy arrays with one row an entry of the first axis.

    Args:
        arrays: The columns.
        origin: What messages call the source.
        origins: What messages call a column's own file, where columns have one each.

    Raises:
        SpecError: There are no rows, or columns of different lengths.
    """

    def __init__(
        self,
        arrays: Mapping[str, Array],
        origin: str,
        origins: Mapping[str, str] | None = None,
    ) -> None:
        self.arrays = dict(arrays)
        self.origin = origin
        self.origins = dict(origins or {})
        lengths = {name: len(array) for name, array in self.arrays.items()}
        if len(set(lengths.values())) > 1:
            shown = ", ".join(f"`{name}` has {rows}" for name, rows in lengths.items())
            raise SpecError((LengthMismatch(span=None, origin=origin, lengths=shown),))
        if not lengths or not max(lengths.values()):
            raise SpecError((EmptyData(span=None, origin=origin),))
        self._rows = next(iter(lengths.values()))

    def __len__(self) -> int:
        return self._rows

    @property
    def columns(self) -> Mapping[str, Column]:
        """The columns by name."""
        return {
            name: Column(dtype_name(array.dtype), array.shape[1:])
            for name, array in self.arrays.items()
        }

    def read(self, rows: Rows, columns: tuple[str, ...]) -> dict[str, Array]:
        """The rows, one array a column."""
        return {name: self.arrays[name][rows] for name in columns}

    def whole(self, column: str) -> Array:
        """A whole column, not copied."""
        return self.arrays[column]

    def place(self, row: int, column: str) -> str:
        """`train.npz, row 3 of image`; rows count from 0, as in NumPy."""
        return f"{self.origins.get(column, self.origin)}, row {row} of `{column}`"

    def fingerprint(self) -> str:
        """A hash of names, types and content."""
        digest = hashlib.sha256()
        for name in sorted(self.arrays):
            array = self.arrays[name]
            digest.update(f"{name}:{array.dtype.str}:{array.shape};".encode())
            digest.update(_content(array))
        return digest.hexdigest()


def _content(array: Array) -> bytes:
    import numpy as np

    if array.dtype.kind == "U":
        return "\0".join(array.ravel().tolist()).encode()
    return np.ascontiguousarray(array).tobytes()


def dtype_name(dtype: Any) -> str:
    """NumPy's dtype as the IR's: `u8`, `f32`, `bool`, `str`."""
    if dtype.kind in "U":
        return "str"
    if dtype.kind == "b":
        return "bool"
    return f"{_KINDS.get(dtype.kind, dtype.kind)}{dtype.itemsize * 8}"


@final
@source("arrays")
class Arrays(DataSource):
    """Arrays that Python gives: `program.fit(data={"train": {"image": images}})`."""

    def open(self, folder: Path) -> Table:
        """Nothing to open: always a mistake."""
        raise SpecError((ArraysNeeded(span=None),))
