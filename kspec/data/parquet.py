"""Parquet: tables in columns, in a file or in a folder of files."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import accumulate, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

from kspec.data.arrays import dtype_name
from kspec.data.arrow import Reader, Shard, Sorted
from kspec.data.base import Column, DataSource, Table, arg, source
from kspec.data.cache import Pieces
from kspec.data.columns import ColumnTable, Names, Odd, check_fields, hash_of, kept
from kspec.data.packed import arrays_of, check_memory
from kspec.data.paths import resolve, resolve_folder, unreadable
from kspec.diagnostics import SpecError

if TYPE_CHECKING:
    import numpy as np

    from kspec.data.base import Array

FORMAT: Final = 1  # of what is kept: a new number for every change of what is read
ENDING: Final = ".parquet"
_PART: Final = 2**25  # bytes that are read at once
LENIENT_ROWS: Final = 2**13  # that are sorted out at once
_MOST_ROWS: Final = 2**16  # that are read at once


@final
@source("parquet")
class Parquet(DataSource):
    """The columns of a Parquet file, or of all in a folder, in the order of their names.

    Numbers, truth values, texts, and lists of numbers that have one length. A field takes the
    column of its name; other names, and fields of several columns, are given as arguments:
    `parquet("train", size=["length", "width"], kind="species")`.
    """

    free_args = True

    path: str = arg(doc="The file, or a folder of them, from the spec's folder.")

    def check(self) -> str | None:
        """Fields are names of columns."""
        return check_fields(self.extra)

    def open(self, folder: Path) -> Table:
        """Read what the files say of themselves; columns are read when they are asked for."""
        return self._open(folder, lenient=False)

    def open_leniently(self, folder: Path) -> Table:
        """As `open`; nulls, lists of other lengths and what is no text are told."""
        return self._open(folder, lenient=True)

    def _open(self, folder: Path, lenient: bool) -> Table:
        names = _files(folder, self.path)
        files = [resolve(folder, name) for name in names]
        reader = Reader()
        shards = tuple(map(reader.shard, files, names))
        return ParquetTable(self.path, reader, shards, self.extra, lenient)


def _files(folder: Path, path: str) -> list[str]:
    """The file, or those of the folder, sorted. Raises SpecError."""
    if not (folder / path).is_dir():
        return [path]
    try:
        entries = sorted(resolve_folder(folder, path).iterdir(), key=lambda each: each.name)
    except OSError as error:
        raise unreadable(path, error.strerror or "it cannot be listed") from None
    visible = [each for each in entries if not each.name.startswith((".", "_"))]
    for each in visible:
        if each.is_dir():
            reason = "it is a folder, and files in folders inside folders are not read"
            raise unreadable(f"{path}/{each.name}", reason)
    found = [f"{path}/{each.name}" for each in visible if each.name.endswith(ENDING)]
    if not found:
        raise unreadable(path, f"it has no files that end in {ENDING}")
    return found


@final
class ParquetTable(ColumnTable):
    """The columns of files.

    Args:
        shown: What messages call them together.
        reader: Reads them.
        shards: The files, in order.
        fields: The columns of fields that have other names, or several columns.
        lenient: Whether `unread` tells of rows that are not what their column holds, which are
            mistakes else.

    Raises:
        SpecError: They have no rows, or not the same columns, or a field has no column.
    """

    def __init__(
        self,
        shown: str,
        reader: Reader,
        shards: tuple[Shard, ...],
        fields: Mapping[str, Names],
        lenient: bool = False,
    ) -> None:
        self.lenient = lenient
        self.reader = reader
        self.shards = shards
        self.ends = list(accumulate(shard.rows for shard in shards))
        self._dtypes: dict[str, np.dtype[Any]] = {}
        self._faults: dict[str, SpecError] = {}
        for other in shards[1:]:
            _agree(shards[0], other)
        known = {each.name: self._known(each.name, each.type) for each in shards[0].schema}
        super().__init__(shown, self.ends[-1], known, fields)

    def _known(self, name: str, type: Any) -> Column:
        """What a column is; of no type where no field can be it."""
        shards = [shard for shard in self.shards if shard.rows]
        dtype = self.reader.arrow.dtype(type)
        if dtype is None:
            reason = f"`{name}` holds {type}, which no field can be"
            self._faults[name] = unreadable(self.shards[0].shown, reason)
            return Column("", ())
        self._dtypes[name] = dtype
        try:
            shape = self.reader.shape(shards[0], name, self.lenient) if shards else ()
            return Column(dtype_name(dtype), shape)
        except Odd as odd:
            self._faults[name] = unreadable(shards[0].shown, f"row 0: `{name}` {odd}")
            return Column("", ())

    def load(self, name: str) -> Array:
        """A column, from the cache or read."""
        if name in self._faults:
            raise self._faults[name]
        strictly = self._texts if self.known[name].dtype == "str" else self._numbers
        read = self._filled if self.lenient else strictly
        how = ["leniently"] if self.lenient else []
        return kept(self.shown, "parquet", hash_of(self.key(), name, *how), partial(read, name))

    def unread(self, columns: tuple[str, ...]) -> dict[int, tuple[str, str]]:
        """The rows that are not what one of these columns holds."""
        return {
            row: (column, reason)
            for column, name in self.sources(columns)
            if self.lenient and name not in self._faults
            for row, reason in self._odd(name)
        }

    def _odd(self, name: str) -> Iterator[tuple[int, str]]:
        for shard, end in zip(self.shards, self.ends, strict=True):
            for part in self._sorted_out(shard, name):
                for row, reason in part.bad.items():
                    yield end - shard.rows + row, f"`{name}` {reason}"

    def _sorted_out(self, shard: Shard, name: str) -> Iterator[Sorted]:
        arrow, shape = self.reader.arrow, self.known[name].sizes
        is_text = self.known[name].dtype == "str"
        read = arrow.longest if is_text else partial(arrow.numbers, shape=shape)
        return self.reader.sorted_out(shard, name, LENIENT_ROWS, read)

    def _filled(self, name: str) -> Pieces:
        """As `_numbers` or `_texts`, with zeros or empty texts for rows that are bad."""
        import numpy as np

        arrow, shape = self.reader.arrow, self.known[name].sizes
        dtype = self._dtypes[name]
        is_text = self.known[name].dtype == "str"
        if is_text:
            longest = max(
                arrow.longest(part.column)
                for s in self.shards
                for part in self._sorted_out(s, name)
            )
            check_memory(4 * longest * len(self), self.shown)
            dtype = np.dtype(f"U{max(1, longest)}")

        def make() -> Iterator[Array]:
            for shard in self.shards:
                for part in self._sorted_out(shard, name):
                    array = np.zeros((len(part.good), *shape), dtype)
                    texts, numbers = arrow.texts, partial(arrow.numbers, shape=shape)
                    array[part.good] = (texts if is_text else numbers)(part.column)
                    yield array

        return Pieces(dtype, (len(self), *shape), make)

    def _numbers(self, name: str) -> Pieces:
        shape = self.known[name].sizes
        dtype = self._dtypes[name]
        size = dtype.itemsize * math.prod(shape)
        step = max(1, min(_MOST_ROWS, _PART // size))

        def make() -> Iterator[Array]:
            for shard in self.shards:
                yield from self.reader.numbers(shard, name, shape, step)

        return Pieces(dtype, (len(self), *shape), make)

    def _texts(self, name: str) -> Pieces:
        longest = max(self.reader.longest(shard, name) for shard in self.shards)
        check_memory(4 * longest * len(self), self.shown)
        dtype = f"U{max(1, longest)}"

        def make() -> Iterator[Array]:
            for shard in self.shards:
                for texts in self.reader.texts(shard, name):
                    yield from arrays_of(texts, dtype)

        return Pieces(dtype, (len(self),), make)

    def place(self, row: int, column: str) -> str:
        """`train/1.parquet, row 3 of kind`; rows of each file count from 0, as in NumPy."""
        number = bisect_right(self.ends, row)
        first = self.ends[number] - self.shards[number].rows
        return f"`{self.shards[number].shown}`, row {row - first} of `{column}`"

    def key(self) -> str:
        """A hash of the files' contents."""
        return hash_of(str(FORMAT), *(shard.digest for shard in self.shards))


def _agree(first: Shard, other: Shard) -> None:
    """Refuse files that have not the same columns."""
    for mine, its in zip_longest(first.schema, other.schema):
        if mine is None or its is None or (mine.name, mine.type) != (its.name, its.type):
            here, there = (f"`{e.name}`, {e.type}" if e else "no column" for e in (its, mine))
            reason = f"it has {here}, where `{first.shown}` has {there}"
            raise unreadable(other.shown, reason)
