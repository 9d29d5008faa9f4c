"""Rows of different lengths: how sources give them, and how programs take them.

A source holds the time steps of all rows one behind the other:

    Ragged(values=[5, 6, 7, 8, 9], lengths=[2, 0, 3])       the rows [5, 6], [] and [7, 8, 9]

A program takes rows of one length, filled up with zeros, and beside them their lengths:

    tokens         [[5, 6, 0], [0, 0, 0], [7, 8, 9]]
    tokens_length  [2, 0, 3]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from kspec.data.bad_rows import refuse_rows
from kspec.data.base import Column
from kspec.diagnostics.errors import RowTooLong
from kspec.diagnostics.record import Node
from kspec.ir import ragged

if TYPE_CHECKING:
    from kspec.data.base import Array, Rows, Values
    from kspec.diagnostics import Span


class Ragged(Node):
    """A column whose rows differ in length.

    Attributes:
        values: The steps of all rows, those of the first row first; further axes are those
            of one step.
        lengths: i64[rows]: how many steps each row has, which may be none.
    """

    values: Array
    lengths: Array

    @staticmethod
    def of(rows: Sequence[Any]) -> Ragged:
        """Lists or arrays as rows. Raises ValueError where steps differ in shape."""
        import numpy as np

        arrays: list[Array] = [np.asarray(row) for row in rows]
        lengths = np.fromiter((len(array) for array in arrays), np.int64)
        filled = [array for array in arrays if len(array)]  # [] would make floats of integers
        values: Array = np.concatenate(filled) if filled else np.zeros(0, np.int32)
        return Ragged(values, lengths)

    @staticmethod
    def even(rows: Array) -> Ragged:
        """Rows that are all as long."""
        import numpy as np

        count, length = rows.shape[:2]
        lengths = np.repeat(np.int64(length), count)
        return Ragged(rows.reshape(count * length, *rows.shape[2:]), lengths)

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, rows: Rows) -> Ragged:
        """The rows of those numbers, in that order."""
        import numpy as np

        starts = np.cumsum(self.lengths) - self.lengths
        pieces = [self.values[starts[row] : starts[row] + self.lengths[row]] for row in rows]
        values = np.concatenate(pieces) if pieces else self.values[:0]
        return Ragged(values, self.lengths[rows])

    def column(self, dtype: str) -> Column:
        """What a table says of it."""
        longest = int(self.lengths.max(initial=0))
        return Column(dtype, (ragged(longest), *self.values.shape[1:]))

    def row_of(self, step: int) -> int:
        """The row that a step of `values` belongs to."""
        import numpy as np

        return int(np.searchsorted(np.cumsum(self.lengths), step, side="right"))

    def padded(self, values: Array, bound: int) -> Array:
        """Rows of one length, filled up with zeros.

        Args:
            values: The steps, as `self.values` or converted to another type.
            bound: How long a row becomes; none is longer.
        """
        import numpy as np

        rows = np.zeros((len(self), bound, *values.shape[1:]), values.dtype)
        rows[np.arange(bound) < self.lengths[:, None]] = values
        return rows


def length_of(name: str) -> str:
    """What the lengths of a ragged field or input are called."""
    return f"{name}_length"


def as_column(given: Any) -> Values:
    """What Python gives as a column: an array, or a list of rows that may differ in length."""
    import numpy as np

    if isinstance(given, Ragged):
        return given
    if not isinstance(given, (list, tuple)) and getattr(given, "dtype", "") != "O":
        return np.asarray(given)
    rows = list(cast("list[Any]", given))
    if not rows or not all(map(_has_steps, rows)):
        return np.asarray(rows)
    if len({len(row) for row in rows}) > 1:
        return Ragged.of(rows)
    return np.stack([np.asarray(row) for row in rows])


def _has_steps(row: Any) -> bool:
    return isinstance(row, (list, tuple)) or getattr(row, "ndim", 0) > 0


def refuse_long_rows(
    column: Ragged, name: str, bound: int, span: Span | None, place: Callable[[int, str], str]
) -> None:
    """Refuse rows that are longer than their field's type says: none is cut off.

    Args:
        column: The rows.
        name: The field.
        bound: How long one may be.
        span: Where the field is declared.
        place: Says where a row of a column stands.

    Raises:
        RowsRefused: With the first of them.
    """
    import numpy as np

    bad: list[int] = np.flatnonzero(column.lengths > bound).tolist()

    def mistake(row: int) -> RowTooLong:
        return RowTooLong(
            span=span,
            field=name,
            length=int(column.lengths[row]),
            bound=bound,
            longest=int(column.lengths.max()),
            place=place(row, name),
            count=len(bad),
        )

    if bad:
        refuse_rows(lambda: iter(bad), mistake, int)
