"""Arrays in memory: what Python gives, and what every small source becomes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

from kspec.data.base import Column, DataSource, Table, source
from kspec.data.columns import take
from kspec.data.mapped import release
from kspec.data.ragged import Ragged
from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import ArraysNeeded, EmptyData, LengthMismatch

if TYPE_CHECKING:
    from kspec.data.base import Array, Rows, Values

_KINDS = {"f": "f", "i": "i", "u": "u", "b": "bool"}
_PART: Final = 2**24  # bytes that are hashed at once


class ArrayTable:
    """Columns that are NumPy arrays with one row an entry of the first axis, or ragged ones.

    Args:
        arrays: The columns.
        origin: What messages call the source.
        origins: What messages call a column's own file, where columns have one each.

    Raises:
        SpecError: There are no rows, or columns of different lengths.
    """

    def __init__(
        self,
        arrays: Mapping[str, Values],
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
        return {name: _column(values) for name, values in self.arrays.items()}

    def read(self, rows: Rows, columns: tuple[str, ...]) -> dict[str, Values]:
        """The rows, one array a column; all rows of a mapped one in order are not copied."""
        return {name: _rows(self.arrays[name], rows) for name in columns}

    def place(self, row: int, column: str) -> str:
        """`train.npz, row 3 of image`; rows count from 0, as in NumPy."""
        return f"{self.origins.get(column, self.origin)}, row {row} of `{column}`"

    def fingerprint(self) -> str:
        """A hash of names, types and content."""
        import hashlib  # here, as it takes long, and checking a spec needs none

        digest = hashlib.sha256()
        for name in sorted(self.arrays):
            values = self.arrays[name]
            ragged = isinstance(values, Ragged)
            for array in (values.values, values.lengths) if ragged else (values,):
                digest.update(f"{name}:{array.dtype.str}:{array.shape};".encode())
                for part in _content(array):
                    digest.update(part)
        return digest.hexdigest()


def _column(values: Values) -> Column:
    if isinstance(values, Ragged):
        return values.column(dtype_name(values.values.dtype))
    return Column(dtype_name(values.dtype), values.shape[1:])


def _rows(values: Values, rows: Rows) -> Values:
    import numpy as np

    return take(values, rows) if isinstance(values, np.memmap) else values[rows]


def _content(array: Array) -> Iterator[bytes]:
    """Parts that fit into memory."""
    import numpy as np

    if array.dtype.kind == "U":
        yield "\0".join(array.ravel().tolist()).encode()
        return
    step = max(1, _PART // (array.nbytes // len(array) or 1))
    for start in range(0, len(array), step):
        yield np.ascontiguousarray(array[start : start + step]).tobytes()
        release(array)


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
