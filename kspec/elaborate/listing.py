"""Lists that stand in a file, one item on each line: the vocabularies of layers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import FileUnreadable

LARGEST: Final = 4 * 2**20  # bytes


def read_lines(file: Path, path: str) -> tuple[str, ...]:
    """The lines of a file, without their ends.

    Args:
        file: Where it is.
        path: What messages call it.

    Raises:
        SpecError: It cannot be read, is too large, or is no UTF-8 text.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise _unreadable(path, f"it has more than {LARGEST:,} bytes")
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise _unreadable(path, f"line {line} is not UTF-8 text") from None
    except OSError as error:
        raise _unreadable(path, error.strerror or "it cannot be read") from None
    lines = tuple(line.removesuffix("\r") for line in text.split("\n"))
    return lines[:-1] if lines[-1] == "" else lines


def items(lines: Iterable[str], path: str, whole_numbers: bool) -> tuple[str | int, ...]:
    """What the lines of a file list.

    Raises:
        SpecError: There is nothing, something twice, or what is no whole number.
    """
    found: dict[str | int, int] = {}
    for number, line in enumerate(lines, 1):
        item: str | int = line
        if whole_numbers:
            try:
                item = int(line)
            except ValueError:
                reason = f"line {number} is {line[:40]!r}, and no whole number"
                raise _unreadable(path, reason) from None
        first = found.setdefault(item, number)
        if first != number:
            raise _unreadable(path, f"lines {first} and {number} are both {item!r}")
    if not found:
        raise _unreadable(path, "it is empty")
    return tuple(found)


def _unreadable(path: str, reason: str) -> SpecError:
    return SpecError((FileUnreadable(span=None, path=path, reason=reason),))
