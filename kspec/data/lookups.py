"""Numbers that an embedding looks up: each must have a row there.

JAX gives not-a-number for a row that is not there, and no message.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kspec.data.bad_rows import refuse_rows
from kspec.diagnostics import Label, Span
from kspec.diagnostics.errors import IndexOutOfRange
from kspec.diagnostics.record import Node

if TYPE_CHECKING:
    from kspec.data.base import Array


class Looked(Node):
    """A field that is looked up.

    Attributes:
        field: Its name.
        rows: The rows of the embedding, the smallest if there are several.
        span: Where the field is declared.
        embedding: Where it is looked up.
    """

    field: str
    rows: int
    span: Span | None
    embedding: Span | None


def looks_up(field: str) -> str:
    """What the place of the embedding is called among other places."""
    return f"look up {field}"


def check_rows(
    looked: Looked,
    numbers: Array,
    place: Callable[[int], str],
    row_of: Callable[[int], int] = int,
) -> None:
    """Refuse numbers without a row.

    Args:
        looked: What is looked up, and where.
        numbers: The field.
        place: What a row of the data is called in messages.
        row_of: The row of the data that an entry belongs to, where entries are steps of rows.

    Raises:
        RowsRefused: With the first such number.
    """
    import numpy as np

    if not numbers.size:
        return
    low, high = int(numbers.min()), int(numbers.max())
    if low >= 0 and high < looked.rows:
        return
    bad = np.argwhere((numbers < 0) | (numbers.astype(np.int64) >= looked.rows))
    where = looked.embedding

    def mistake(at: Array) -> IndexOutOfRange:
        return IndexOutOfRange(
            span=looked.span,
            field=looked.field,
            value=int(numbers[tuple(at)]),
            last=looked.rows - 1,
            largest=high,
            place=place(int(at[0])),
            count=len(bad),
            labels=(Label(where, f"has {looked.rows} rows"),) if where else (),
        )

    refuse_rows(lambda: iter(bad), mistake, lambda at: row_of(int(at[0])))
