"""Rows that are no examples: found all at once, and left out where `on_bad = skip` says so.

A check of a column refuses its first bad row, and can name all of them. Leaving rows out is
checking again without them, until nothing is refused:

    rows 0 1 2 3 4   ->   `x` of row 1 is no number   ->   rows 0 2 3 4   ->   fits
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Never, Protocol, TypeVar, runtime_checkable

from kspec.data.base import Column, Table
from kspec.data.fields import Fields
from kspec.diagnostics import Diagnostic, SpecError
from kspec.diagnostics.errors import MostRowsBad
from kspec.diagnostics.record import Node

if TYPE_CHECKING:
    from kspec.data.base import Rows, Values


T = TypeVar("T")


class BadRow(Node):
    """A row that is no example.

    Attributes:
        place: Where it is: "`iris.csv`, line 12".
        reason: What is wrong with it.
    """

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


class RowsRefused(SpecError):
    """Rows are bad, and others may be good.

    Args:
        mistakes: What is reported: of each column the first.
        found: All of them, by the numbers of their rows.
    """

    def __init__(
        self, mistakes: tuple[Diagnostic, ...], found: Callable[[], Mapping[int, Diagnostic]]
    ) -> None:
        super().__init__(mistakes)
        self.found = found


def refuse_rows(
    found: Callable[[], Iterator[T]], mistake: Callable[[T], Diagnostic], row: Callable[[T], int]
) -> Never:
    """Raise RowsRefused.

    Args:
        found: All that is wrong, in order; at least one.
        mistake: What is reported of one.
        row: The row that one is in.
    """

    def every() -> dict[int, Diagnostic]:  # backwards, so that a row keeps its first mistake
        return {row(each): mistake(each) for each in reversed(list(found()))}

    raise RowsRefused((mistake(next(found())),), every)


def joined(errors: Iterable[SpecError]) -> SpecError:
    """Several as one, which is about rows if all of them are."""
    every = tuple(errors)
    mistakes = tuple(mistake for error in every for mistake in error.diagnostics)
    of_rows = [error for error in every if isinstance(error, RowsRefused)]
    if len(of_rows) < len(every):
        return SpecError(mistakes)

    def found() -> dict[int, Diagnostic]:
        return {row: bad for error in reversed(of_rows) for row, bad in error.found().items()}

    return RowsRefused(mistakes, found)


@runtime_checkable
class Unread(Protocol):
    """A table whose source could not read all rows; what it gives for those means nothing."""

    def unread(self, columns: tuple[str, ...]) -> Mapping[int, tuple[str, str]]:
        """The rows of which one of these columns could not be read: which one, and why."""
        ...


class Remaining:
    """Some rows of a table, in its order."""

    def __init__(self, table: Table, rows: Rows) -> None:
        self.table = table
        self.rows = rows
        self.origin: str = getattr(table, "origin", "the data")

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def columns(self) -> Mapping[str, Column]:
        """Those of the table."""
        return self.table.columns

    def read(self, rows: Rows, columns: tuple[str, ...]) -> Mapping[str, Values]:
        """The rows of those numbers among these."""
        return self.table.read(self.rows[rows], columns)

    def place(self, row: int, column: str) -> str:
        """Where the table has it."""
        return self.table.place(int(self.rows[row]), column)

    def fingerprint(self) -> str:
        """That of the whole table."""
        return self.table.fingerprint()


def leave_out(
    table: Table, columns: tuple[str, ...], check: Callable[[Table], Fields]
) -> tuple[Fields, tuple[BadRow, ...]]:
    """The fields of the rows that are good, and the others, in the order of the table.

    Args:
        table: The open source.
        columns: The columns that are read.
        check: Reads them; raises SpecError.

    Raises:
        SpecError: Something else is wrong than rows, or more than half of the rows are bad.
    """
    import numpy as np

    good = np.arange(len(table))
    bad: dict[int, BadRow] = {}
    if isinstance(table, Unread):
        for row, (column, reason) in table.unread(columns).items():
            bad[row] = BadRow(table.place(row, column), reason)
    while True:
        _refuse_most(table, bad)
        good = good if not bad else np.setdiff1d(good, list(bad))
        left: Table = table if not bad else Remaining(table, good)
        try:
            return check(left), tuple(bad[row] for row in sorted(bad))
        except RowsRefused as refused:
            for row, mistake in refused.found().items():
                bad[int(good[row])] = _described(mistake)


def _described(mistake: Diagnostic) -> BadRow:
    """What a mistake of a row says."""
    place = str(mistake.facts()["place"])
    return BadRow(place, mistake.title_text().removeprefix(f"{place}: "))


def _refuse_most(table: Table, bad: Mapping[int, BadRow]) -> None:
    if 2 * len(bad) > len(table):
        first = "\n".join(str(bad[row]) for row in sorted(bad)[:3])
        origin = getattr(table, "origin", "the data")
        mistake = MostRowsBad(
            span=None, origin=origin, bad=len(bad), rows=len(table), examples=first
        )
        raise SpecError((mistake,))


def lines_of(bad: Iterable[BadRow]) -> str:
    """`bad_rows.jsonl`: an object a row."""
    found = ({"place": row.place.replace("`", ""), "reason": row.reason} for row in bad)
    return "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in found)
