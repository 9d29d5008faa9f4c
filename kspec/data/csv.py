"""Tables as text, with a line of column names on top."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, final

from kspec.data.base import DataSource, Table, arg, source
from kspec.data.columns import check_fields
from kspec.data.packed import Chunk, Parsed, chunk_of
from kspec.data.parsed import TextFile, open_parsed
from kspec.data.paths import resolve, unreadable

if TYPE_CHECKING:
    from _csv import Reader

    from kspec.data.base import Array

FORMAT: Final = 2  # of what is kept: a new number for every change of what is read
LONGEST_CELL: Final = 2**20
_CHUNK: Final = 2**13  # rows that are made an array at once


@final
@source("csv")
class Csv(DataSource):
    """A table of comma-separated values whose first line names the columns.

    A field takes the column of its name. Fields of several columns, or of other names,
    are given as arguments: `csv("iris.csv", size=["length", "width"], kind="species")`.
    """

    free_args = True

    path: str = arg(doc="The file, from the spec's folder.")
    delimiter: str = arg(default=",", doc="What stands between cells.")

    def check(self) -> str | None:
        """One character, no quote and no line end."""
        fits = len(self.delimiter) == 1 and self.delimiter not in '"\r\n'
        return check_fields(self.extra) if fits else "delimiter must be one character"

    def open(self, folder: Path) -> Table:
        """Read the whole file as columns of text; the fields' types say what each means."""
        return self._open(folder, lenient=False)

    def open_leniently(self, folder: Path) -> Table:
        """As `open`; lines with too few or too many cells, or bad quotes, are told."""
        return self._open(folder, lenient=True)

    def _open(self, folder: Path, lenient: bool) -> Table:
        options = f"{FORMAT} {self.delimiter}{' leniently' if lenient else ''}"
        file = TextFile(resolve(folder, self.path), self.path, "csv", options)
        parse = partial(_parse, shown=self.path, delimiter=self.delimiter, lenient=lenient)
        return open_parsed(file, parse, self.extra)


def _parse(stream: BinaryIO, shown: str, delimiter: str, lenient: bool) -> Parsed:
    """The columns, and the line on which each row ends."""
    csv.field_size_limit(LONGEST_CELL)
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    try:
        header = _header(reader, shown)
        return _columns(_Rows(reader, len(header), shown, lenient), header)
    except UnicodeDecodeError:
        raise unreadable(shown, f"it is not UTF-8 text, behind line {reader.line_num}") from None
    except csv.Error as error:
        raise unreadable(shown, f"line {reader.line_num}: {error}") from None


class _Rows:
    """The rows of a table that are not empty.

    Args:
        reader: Reads lines.
        width: The cells of a row.
        shown: What messages call the file.
        lenient: Whether a bad line is an entry of `bad` and a row of empty cells, and no error.
    """

    def __init__(self, reader: Reader, width: int, shown: str, lenient: bool) -> None:
        self.reader = reader
        self.width = width
        self.shown = shown
        self.lenient = lenient
        self.bad: dict[int, str] = {}
        self._count = 0

    def __iter__(self) -> Iterator[list[str]]:
        while (row := self._next()) is not None:
            if row:
                yield row
                self._count += 1

    def _next(self) -> list[str] | None:
        try:
            row = next(self.reader, None)
        except csv.Error as error:
            if not self.lenient or "end of data" in str(error):
                raise
            return self._bad(str(error))
        if not row:
            return row
        if len(row) != self.width:
            return self._refuse(f"has {len(row)} cells, and there are {self.width} columns")
        if "\0" in "".join(row):  # NumPy would cut it off
            return self._refuse("has the character U+0000")
        return row

    def _refuse(self, what: str) -> list[str]:
        if not self.lenient:
            raise unreadable(self.shown, f"line {self.reader.line_num} {what}")
        return self._bad(f"it {what}")

    def _bad(self, reason: str) -> list[str]:
        self.bad[self._count] = reason
        return [""] * self.width


def _columns(table: _Rows, header: list[str]) -> Parsed:
    import numpy as np

    chunks: list[list[Chunk]] = [[()] for _ in header]
    lines: list[Array] = [np.empty(0, np.int64)]
    rows: list[list[str]] = []
    ends: list[int] = []

    def finish() -> None:
        lines.append(np.array(ends, np.int64))
        for column, cells in zip(chunks, zip(*rows, strict=True), strict=False):
            column.append(chunk_of(cells))
        rows.clear()
        ends.clear()

    for row in table:
        rows.append(row)
        ends.append(table.reader.line_num)
        if len(rows) == _CHUNK:
            finish()
    finish()
    return Parsed(dict(zip(header, chunks, strict=True)), lines, {"": table.bad})


def _header(reader: Iterator[list[str]], shown: str) -> list[str]:
    header = next(reader, None)
    if not header:
        raise unreadable(shown, "its first line must name the columns, and is empty")
    twice = {name for name in header if header.count(name) > 1}
    if twice:
        raise unreadable(shown, f"two columns are called `{min(twice)}`")
    return header
