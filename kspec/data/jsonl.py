"""JSON lines: one object a line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Never, cast, final

from kspec.data.base import DataSource, Table, arg, source
from kspec.data.columns import check_fields
from kspec.data.json_columns import JsonColumn
from kspec.data.packed import Parsed
from kspec.data.parsed import TextFile, open_parsed
from kspec.data.paths import reason_of, resolve, unreadable
from kspec.diagnostics import SpecError

if TYPE_CHECKING:
    from kspec.data.base import Array

FORMAT: Final = 2  # of what is kept: a new number for every change of what is read
LONGEST_LINE: Final = 2**26  # bytes
_CHUNK: Final = 2**13  # rows that are made an array at once


@final
@source("jsonl")
class Jsonl(DataSource):
    """JSON objects, one a line, whose keys are the columns: numbers, truth values and texts.

    Lists of one length, also of lists, are arrays. A field takes the column of its name; other
    names, and fields of several columns, are given as arguments: `jsonl("a.jsonl", y="label")`.
    """

    free_args = True

    path: str = arg(doc="The file, from the spec's folder.")

    def check(self) -> str | None:
        """Fields are names of columns."""
        return check_fields(self.extra)

    def open(self, folder: Path) -> Table:
        """Read the whole file."""
        return self._open(folder, lenient=False)

    def open_leniently(self, folder: Path) -> Table:
        """As `open`; lines that are no objects, and values of other kinds, are told."""
        return self._open(folder, lenient=True)

    def _open(self, folder: Path, lenient: bool) -> Table:
        options = f"{FORMAT} leniently" if lenient else str(FORMAT)
        file = TextFile(resolve(folder, self.path), self.path, "jsonl", options)
        return open_parsed(file, partial(_parse, shown=self.path, lenient=lenient), self.extra)


def _parse(stream: BinaryIO, shown: str, lenient: bool) -> Parsed:
    import numpy as np

    columns: dict[str, JsonColumn] = {}
    lines: list[Array] = [np.empty(0, np.int64)]
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []

    def before() -> int:
        return sum(map(len, lines))

    def finish() -> None:
        for name in {name: None for row in rows for name in row}:
            if name not in columns:
                columns[name] = JsonColumn(name, lenient, before() if lenient else 0)
                if before() and not lenient:
                    columns[name].lacks(int(next(filter(len, lines))[0]))
        for column in columns.values():
            column.add(rows, numbers)
        lines.append(np.array(numbers, np.int64))
        rows.clear()
        numbers.clear()

    reader = _Lines(shown)
    while line := stream.readline(LONGEST_LINE + 1):
        row = reader.read_leniently(line, before() + len(rows)) if lenient else reader.read(line)
        if row is not None:
            rows.append(row)
            numbers.append(reader.number)
        if len(rows) == _CHUNK:
            finish()
    finish()
    found = {name: column.found() for name, column in columns.items()}
    odd = {name: column.bad for name, column in columns.items() if column.bad}
    return Parsed(found, lines, {"": reader.bad, **odd})


class _Lines:
    """Reads lines, and refuses with their numbers."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        self.number = 0
        self.bad: dict[int, str] = {}
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._once, parse_constant=self._constant
        )

    def read(self, line: bytes) -> dict[str, Any] | None:
        """The object in a line; None for an empty one. Raises SpecError."""
        self.number += 1
        if len(line) > LONGEST_LINE:
            self._refuse(f"is longer than {LONGEST_LINE:,} bytes")
        try:
            text = line.decode("utf-8-sig" if self.number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            self._refuse(f"is not UTF-8 text (byte {error.start + 1} of the line)")
        if not text.strip():
            return None
        row = self._object(text)
        if not isinstance(row, dict):
            self._refuse('is no object, as in {"x": 1}')
        return cast("dict[str, Any]", row)

    def read_leniently(self, line: bytes, row: int) -> dict[str, Any] | None:
        """As `read`; a line that is no object is an entry of `bad` under its row."""
        try:
            return self.read(line)
        except SpecError as error:
            if len(line) > LONGEST_LINE:  # what comes next is its rest
                raise
            self.bad[row] = reason_of(error, f"line {self.number} ")
            return {}

    def _object(self, text: str) -> Any:
        try:
            return self._decoder.decode(text)
        except json.JSONDecodeError as error:
            cut = "" if text.endswith("\n") else "; the file ends there"
            reason = error.msg[0].lower() + error.msg[1:]
            self._refuse(f"is no JSON: {reason} at column {error.colno}{cut}")
        except RecursionError:
            self._refuse("has too many brackets inside brackets")
        except ValueError:  # of `int`, which has a limit
            self._refuse("has a number of too many digits")

    def _once(self, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        row = dict(pairs)
        if len(row) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            self._refuse(f"has the key `{twice}` twice")
        return row

    def _constant(self, word: str) -> Never:
        self._refuse(f"has {word}, which is no JSON number")

    def _refuse(self, what: str) -> Never:
        raise unreadable(self.shown, f"line {self.number} {what}")
