"""Columns in one array of bytes, so that one file keeps them and one hash is enough.

The length of a head, the head, which is JSON and says where each column stands, and the columns.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from kspec.data.cache import Pieces
from kspec.data.memory import memory
from kspec.data.paths import unreadable

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from kspec.data.base import Array

_ALIGN: Final = 64  # bytes: columns start at multiples of it
_LARGEST: Final = 2**24  # bytes of texts that are made an array at once

Chunk: TypeAlias = "Array | Sequence[str]"  # some rows of a column


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a parser found.

    Attributes:
        columns: Each column's rows, in chunks to be joined; or what is wrong with it.
        lines: The line of each row, in chunks to be joined.
        bad: Rows that could not be read, and why, by column; those of "" are of no column.
    """

    columns: Mapping[str, Sequence[Chunk] | str]
    lines: Sequence[Array]
    bad: Mapping[str, Mapping[int, str]] = field(default_factory=dict[str, Mapping[int, str]])


def chunk_of(texts: Sequence[str]) -> Chunk:
    """Texts as an array, where the longest does not make it large."""
    import numpy as np

    dtype = _dtype(texts)
    return np.array(texts, dtype) if dtype.itemsize * len(texts) <= _LARGEST else texts


def pack(parsed: Parsed, shown: str) -> Pieces:
    """All columns as one array of bytes. Raises SpecError for more than memory holds."""
    import numpy as np

    rows = sum(map(len, parsed.lines))
    written: list[tuple[Sequence[Chunk], Any]] = []
    size = 0

    def enter(chunks: Sequence[Chunk]) -> dict[str, Any]:
        nonlocal size
        dtype = np.result_type(*{_dtype(chunk) for chunk in chunks})
        shape = (rows, *getattr(chunks[0], "shape", (0,))[1:])
        count = math.prod(shape) * dtype.itemsize
        entry = {"at": size, "bytes": count, "dtype": dtype.str, "shape": shape}
        size += -(-count // _ALIGN) * _ALIGN
        written.append((chunks, dtype))
        return entry

    good = {name: found for name, found in parsed.columns.items() if not isinstance(found, str)}
    bad = {name: found for name, found in parsed.columns.items() if isinstance(found, str)}
    head = {
        "lines": enter(parsed.lines),
        "columns": [(name, enter(chunks)) for name, chunks in good.items()],
        "faults": list(bad.items()),
        "bad": [(name, list(rows.items())) for name, rows in parsed.bad.items()],
    }
    check_memory(size, shown)
    text = json.dumps(head).encode()
    top = len(text).to_bytes(8, "little").ljust(_ALIGN, b"\0")
    top += text.ljust(-(-len(text) // _ALIGN) * _ALIGN, b"\0")
    return Pieces("u1", (len(top) + size,), lambda: _bytes(top, written))


def check_memory(size: int, shown: str) -> None:
    """Refuse columns that memory cannot hold. Raises SpecError."""
    most = memory()
    if size > most:
        reason = f"its columns would take {size:,} bytes of memory, and there are {most:,}"
        raise unreadable(shown, reason)


def _dtype(chunk: Chunk) -> Any:
    import numpy as np

    if isinstance(chunk, np.ndarray):
        return chunk.dtype
    return np.dtype(f"U{max(1, max(map(len, chunk), default=0))}")


def arrays_of(chunk: Chunk, dtype: DTypeLike) -> Iterator[Array]:
    """A chunk as arrays, each of no more rows than a part of memory holds."""
    import numpy as np

    step = max(1, _LARGEST // np.dtype(dtype).itemsize)
    for start in range(0, len(chunk), step):
        yield np.asarray(chunk[start : start + step], dtype)


def _bytes(top: bytes, written: Sequence[tuple[Sequence[Chunk], Any]]) -> Iterator[Array]:
    import numpy as np

    yield np.frombuffer(top, np.uint8)
    for chunks, dtype in written:
        count = 0
        for chunk in chunks:
            for array in arrays_of(chunk, dtype):
                part = array.tobytes()
                count += len(part)
                yield np.frombuffer(part, np.uint8)
        yield np.zeros(-count % _ALIGN, np.uint8)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What was packed.

    Attributes:
        columns: The columns.
        faults: What is wrong with the others.
        lines: The line of each row.
        bad: Rows that could not be read, and why, by column; those of "" are of no column.
    """

    columns: Mapping[str, Array]
    faults: Mapping[str, str]
    lines: Array
    bad: Mapping[str, Mapping[int, str]]


def unpack(packed: Array) -> Unpacked:
    """The columns, which share the array's memory."""
    end = _ALIGN + int.from_bytes(packed[:8].tobytes(), "little")
    head = json.loads(packed[_ALIGN:end].tobytes())
    start = -(-end // _ALIGN) * _ALIGN

    def view(entry: dict[str, Any]) -> Array:
        first = start + entry["at"]
        array = packed[first : first + entry["bytes"]].view(entry["dtype"])
        return array.reshape(entry["shape"])

    columns = {name: view(each) for name, each in head["columns"]}
    bad = {name: dict(rows) for name, rows in head["bad"]}
    return Unpacked(columns, dict(head["faults"]), view(head["lines"]), bad)
