"""Files of text that are parsed once: their columns are kept, and mapped from then on."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, final

from kspec.data.arrays import dtype_name
from kspec.data.base import Column
from kspec.data.cache import Pieces, streamed
from kspec.data.columns import ColumnTable, Names, hash_of
from kspec.data.packed import Parsed, pack, unpack
from kspec.data.paths import unreadable

if TYPE_CHECKING:
    from kspec.data.base import Array

SMALL: Final = 2**20  # bytes of a file that is parsed as soon as it is found in the cache


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file to parse.

    Attributes:
        path: Where it is.
        shown: What messages call it.
        kind: The folder in the cache.
        options: All that its columns depend on beside its content.
    """

    path: Path
    shown: str
    kind: str
    options: str


def open_parsed(
    file: TextFile, parse: Callable[[BinaryIO], Parsed], fields: Mapping[str, Names]
) -> ParsedTable:
    """The columns of a file, parsed or from the cache.

    Args:
        file: The file.
        parse: Reads a stream to its end.
        fields: The columns of fields that have other names, or several columns.

    Raises:
        SpecError: The file cannot be read or parsed, or a field has no column.
    """

    def plan() -> Pieces:
        with file.path.open("rb", buffering=0) as raw:
            stream = _Hashing(raw)
            parsed = parse(io.BufferedReader(stream))
            if stream.digest.hexdigest() != digest:
                raise unreadable(file.shown, "it was changed while it was read")
        return pack(parsed, file.shown)

    try:
        with file.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            small = stream.tell() < SMALL
        key = hash_of(file.options, digest)
        packed = plan().join() if small else streamed(file.kind, key, plan)
    except OSError as error:
        raise unreadable(file.shown, error.strerror or "it cannot be read") from None
    return ParsedTable(file.shown, key, packed, fields)


@final
class ParsedTable(ColumnTable):
    """The columns of a parsed file.

    Args:
        shown: What messages call the file.
        key: A hash of the content.
        packed: The columns.
        fields: The columns of fields that have other names, or several columns.
    """

    def __init__(self, shown: str, key: str, packed: Array, fields: Mapping[str, Names]) -> None:
        self._key = key
        self._found = unpack(packed)
        known = {name: _column(array) for name, array in self._found.columns.items()}
        known |= {name: Column("", ()) for name in self._found.faults}
        super().__init__(shown, len(self._found.lines), known, fields)

    def load(self, name: str) -> Array:
        """A column. Raises SpecError for one that was found to be no column."""
        if name in self._found.faults:
            raise unreadable(self.shown, self._found.faults[name])
        return self._found.columns[name]

    def place(self, row: int, column: str) -> str:
        """`iris.csv, line 12`: lines of the file count from 1."""
        del column
        return f"{self.origin}, line {self._found.lines[row]}"

    def unread(self, columns: tuple[str, ...]) -> dict[int, tuple[str, str]]:
        """The lines that could not be read, or not as these columns."""
        found: dict[int, tuple[str, str]] = {}
        for column, name in self.sources(columns):
            bad = self._found.bad.get(name, {})
            found |= {row: (column, reason) for row, reason in bad.items()}
        bad = self._found.bad.get("", {})
        return found | {row: ("", reason) for row, reason in bad.items()}

    def key(self) -> str:
        """The hash of the content."""
        return self._key


def _column(array: Array) -> Column:
    return Column(dtype_name(array.dtype), array.shape[1:], untyped=array.dtype.kind == "i")


class _Hashing(io.RawIOBase):
    """A stream whose bytes are hashed as they are read."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self.raw = raw
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self.raw.readinto(buffer) or 0
        self.digest.update(memoryview(buffer)[:count])
        return count
