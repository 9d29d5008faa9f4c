"""Columns of Parquet files as arrays of NumPy."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kspec.data.columns import Odd
from kspec.data.extras import need
from kspec.data.paths import unreadable
from kspec.files import Stamp, stamp

if TYPE_CHECKING:
    import numpy as np

    from kspec.data.base import Array

_TEXTS: Final = ("is_string", "is_large_string", "is_string_view")
_NUMBERS: Final = ("is_integer", "is_floating", "is_boolean")
_NO_TEXT: Final = "is not UTF-8 text"
_TEXT_ROWS: Final = 2**13  # of texts that are read at once


class Arrow:
    """Reads columns.

    Args:
        pa: The module `pyarrow`.
        pc: The module `pyarrow.compute`.
    """

    def __init__(self, pa: Any, pc: Any) -> None:
        self.pa = pa
        self.pc = pc

    def is_list(self, type: Any) -> bool:
        """Whether it is a type of lists."""
        return self._is(type, ("is_list", "is_large_list", "is_fixed_size_list"))

    def dtype(self, type: Any) -> np.dtype[Any] | None:
        """NumPy's type of a column's elements; None for a type that no field can be."""
        import numpy as np

        depth = 0
        while self.is_list(type):
            depth, type = depth + 1, type.value_type
        if self.pa.types.is_dictionary(type):
            type = type.value_type
        if self._is(type, _TEXTS) and not depth:
            return np.dtype(str)
        return np.dtype(type.to_pandas_dtype()) if self._is(type, _NUMBERS) else None

    def shape(self, first: Any) -> tuple[int, ...]:
        """The shape of the first row of a column. Raises Odd for one that has none."""
        shape: list[int] = []
        while self.is_list(first.type):
            self._refuse_nulls(first, 1, "has" if shape else "is")
            size = len(first[0])
            if not size:
                raise Odd(0, f"{'has' if shape else 'is'} an empty list")
            shape.append(size)
            first = first.slice(0, 1).flatten()
        return tuple(shape)

    def numbers(self, column: Any, shape: tuple[int, ...]) -> Array:
        """Rows of that shape. Raises Odd for one that is null or has another shape."""
        rows, per_row, verb = len(column), 1, "is"
        for size in shape:
            self._refuse_nulls(column, per_row, verb)
            lengths = self.pc.list_value_length(column)
            at = self.pc.index(self.pc.not_equal(lengths, size), True).as_py()
            if at >= 0:
                first = f"{size} in the first row, and lists of a column have one length"
                raise Odd(at // per_row, f"{verb} a list of {lengths[at]}; it is one of {first}")
            column, per_row, verb = column.flatten(), per_row * size, "has"
        column = self._decoded(column)
        self._refuse_nulls(column, per_row, verb)
        return column.to_numpy(zero_copy_only=False).reshape(rows, *shape)

    def longest(self, column: Any) -> int:
        """The characters of the longest text. Raises Odd for null, and for what is no text."""
        column = self._decoded(column)
        self._refuse_nulls(column, 1, "is")
        try:
            column.validate(full=True)
        except self.pa.ArrowInvalid:
            raw = column.cast(self.pa.large_binary()).to_pylist()
            raise Odd(
                next(i for i, text in enumerate(raw) if not _is_utf8(text)), _NO_TEXT
            ) from None
        at = self.pc.index(self.pc.match_substring(column, "\0"), True).as_py()
        if at >= 0:
            raise Odd(at, "has the character U+0000")
        return self.pc.max(self.pc.utf8_length(column)).as_py() or 0

    def texts(self, column: Any) -> list[str]:
        """Rows of text that were found to be such."""
        return self._decoded(column).to_pylist()

    def _decoded(self, column: Any) -> Any:
        coded = self.pa.types.is_dictionary(column.type)
        column = column.dictionary_decode() if coded else column
        views = self.pa.types.is_string_view(column.type)
        return column.cast(self.pa.string()) if views else column

    def _refuse_nulls(self, column: Any, per_row: int, verb: str) -> None:
        if column.null_count:
            at = self.pc.index(self.pc.is_null(column), True).as_py()
            raise Odd(at // per_row, f"{verb} null")

    def _is(self, type: Any, kinds: tuple[str, ...]) -> bool:
        return any(getattr(self.pa.types, kind)(type) for kind in kinds)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Shard:
    """A Parquet file.

    Attributes:
        path: Where it is.
        shown: What messages call it.
        digest: A hash of its content.
        stamp: What changes when the file does.
        rows: How many rows it has.
        schema: Its columns, as Arrow describes them.
    """

    path: Path
    shown: str
    digest: str
    stamp: Stamp
    rows: int
    schema: Any


@dataclass(frozen=True, slots=True)
class Sorted:
    """Some rows of a column.

    Attributes:
        column: The good ones.
        good: Which they are, bool[rows].
        bad: What is wrong with the others, by their numbers in the file.
    """

    column: Any
    good: Array
    bad: dict[int, str]


class Reader:
    """Reads Parquet files, and says what is wrong with them. Raises SpecError without pyarrow."""

    def __init__(self) -> None:
        self.pa, self.pq, compute = (
            need(f"pyarrow{module}", "pyarrow", "parquet", "reading Parquet files")
            for module in ("", ".parquet", ".compute")
        )
        self.arrow = Arrow(self.pa, compute)

    def shard(self, path: Path, shown: str) -> Shard:
        """What a file says of itself."""
        with self._faults(shown):
            before = stamp(path)
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            with self.pq.ParquetFile(path) as file:
                rows, schema = file.metadata.num_rows, file.schema_arrow
        twice = [name for name in schema.names if schema.names.count(name) > 1]
        if twice:
            raise unreadable(shown, f"two columns are called `{twice[0]}`")
        return Shard(path, shown, digest, before, rows, schema)

    def shape(self, shard: Shard, name: str, lenient: bool = False) -> tuple[int, ...]:
        """The shape of a column's first row, or its first that is not null.

        Raises Odd for one that has none.
        """
        if not self.arrow.is_list(shard.schema.field(name).type):
            return ()
        if lenient:
            with closing(self._parts(shard, name, _TEXT_ROWS)) as parts:
                filled = (part.drop_null() for _, part in parts)
                first = next((part for part in filled if len(part)), None)
                if first is not None:
                    return self.arrow.shape(first.slice(0, 1))
        with closing(self._parts(shard, name, 1)) as parts:
            return self.arrow.shape(next(parts)[1])

    def numbers(
        self, shard: Shard, name: str, shape: tuple[int, ...], step: int
    ) -> Iterator[Array]:
        """A column, so many rows at once."""
        for first, part in self._parts(shard, name, step):
            with _placed(shard, name, first):
                yield self.arrow.numbers(part, shape)

    def sorted_out(
        self, shard: Shard, name: str, step: int, read: Callable[[Any], object]
    ) -> Iterator[Sorted]:
        """A column, so many rows at once, the rows that `read` refuses apart."""
        import numpy as np

        for first, part in self._parts(shard, name, step):
            bad = _odd_rows(part, read)
            good = np.ones(len(part), bool)
            good[list(bad)] = False
            kept = part.filter(self.pa.array(good)) if bad else part
            yield Sorted(kept, good, {first + row: why for row, why in bad.items()})

    def texts(self, shard: Shard, name: str) -> Iterator[list[str]]:
        """A column of texts, some rows at once."""
        for _, part in self._parts(shard, name, _TEXT_ROWS):
            yield self.arrow.texts(part)

    def longest(self, shard: Shard, name: str) -> int:
        """The characters of a column's longest text."""
        longest = 0
        for first, part in self._parts(shard, name, _TEXT_ROWS):
            with _placed(shard, name, first):
                longest = max(longest, self.arrow.longest(part))
        return longest

    def _parts(self, shard: Shard, name: str, step: int) -> Generator[tuple[int, Any]]:
        """A column, so many rows at once, each part with the number of its first row."""
        seen = 0
        with self._faults(shard.shown), self.pq.ParquetFile(shard.path) as file:
            for group in range(file.num_row_groups):  # together they would stay in memory
                for batch in file.iter_batches(step, row_groups=[group], columns=[name]):
                    yield seen, batch.column(batch.schema.get_field_index(name))
                    seen += batch.num_rows
        if seen != shard.rows or stamp(shard.path) != shard.stamp:
            raise unreadable(shard.shown, "it was changed while it was read")

    @contextmanager
    def _faults(self, shown: str) -> Generator[None]:
        try:
            yield
        except UnicodeDecodeError:  # of names of columns
            raise unreadable(shown, "it is damaged") from None
        except (self.pa.ArrowException, OSError) as error:
            raise unreadable(shown, str(error).split("\n")[0]) from None


def _odd_rows(column: Any, read: Callable[[Any], object]) -> dict[int, str]:
    """The rows that `read` refuses, and why: halves are tried until they are single rows."""
    found: dict[int, str] = {}
    left = [(0, len(column))]
    while left:
        start, stop = left.pop()
        try:
            read(column.slice(start, stop - start))
        except Odd as odd:
            middle = (start + stop) // 2
            if stop - start == 1:
                found[start] = str(odd)
            else:
                left += [(start, middle), (middle, stop)]
    return found


@contextmanager
def _placed(shard: Shard, name: str, first: int) -> Generator[None]:
    try:
        yield
    except Odd as odd:
        raise unreadable(shard.shown, f"row {first + odd.row}: `{name}` {odd}") from None
