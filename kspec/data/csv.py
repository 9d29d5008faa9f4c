"""Tables as text, with a line of column names on top."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, final

from kspec.data.arrays import ArrayTable
from kspec.data.base import DataSource, Table, arg, source
from kspec.data.paths import resolve, unreadable
from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import FieldMissing

if TYPE_CHECKING:
    from kspec.data.base import Array

LONGEST_CELL = 2**20


class CsvTable(ArrayTable):
    """Columns of text; the fields' declared types say what each is to be read as."""

    def __init__(self, arrays: Mapping[str, Array], shown: str, lines: list[int]) -> None:
        super().__init__(arrays, f"`{shown}`")
        self.shown = shown
        self.lines = lines

    def place(self, row: int, column: str) -> str:
        """`iris.csv, line 12`: lines of the file count from 1."""
        return f"`{self.shown}`, line {self.lines[row]}"


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
        return None if fits else "delimiter must be one character"

    def open(self, folder: Path) -> Table:
        """Read the whole file as text."""
        import numpy as np

        file = resolve(folder, self.path)
        header, rows, lines = _read(file, self.path, self.delimiter)
        cells = np.array(rows, dtype=str) if rows else np.empty((0, len(header)), "U1")
        index = {name: i for i, name in enumerate(header)}
        arrays: dict[str, Array] = {name: cells[:, i] for name, i in index.items()}
        for field, columns in self.extra.items():
            names = [columns] if isinstance(columns, str) else list(columns)
            for name in names:
                if name not in index:
                    raise SpecError((FieldMissing.of(None, name, f"`{self.path}`", header),))
            chosen = cells[:, [index[name] for name in names]]
            arrays[field] = chosen[:, 0] if isinstance(columns, str) else chosen
        return CsvTable(arrays, self.path, lines)


def _read(file: Path, shown: str, delimiter: str) -> tuple[list[str], list[list[str]], list[int]]:
    """Column names, rows, and the line on which each row ends."""
    rows: list[list[str]] = []
    lines: list[int] = []
    csv.field_size_limit(LONGEST_CELL)
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, delimiter=delimiter, strict=True)
            header = _header(reader, shown)
            for row in reader:
                if not row:
                    continue
                if len(row) != len(header):
                    where = f"line {reader.line_num} has {len(row)} cells"
                    raise unreadable(shown, f"{where}, and there are {len(header)} columns")
                rows.append(row)
                lines.append(reader.line_num)
    except UnicodeDecodeError as error:
        raise unreadable(shown, f"it is not UTF-8 text (byte {error.start})") from None
    except csv.Error as error:
        raise unreadable(shown, f"line {len(lines) + 2}: {error}") from None
    except OSError as error:
        raise unreadable(shown, error.strerror or "it cannot be read") from None
    return header, rows, lines


def _header(reader: Iterator[list[str]], shown: str) -> list[str]:
    header = next(reader, None)
    if not header:
        raise unreadable(shown, "its first line must name the columns, and is empty")
    twice = {name for name in header if header.count(name) > 1}
    if twice:
        raise unreadable(shown, f"two columns are called `{min(twice)}`")
    return header
