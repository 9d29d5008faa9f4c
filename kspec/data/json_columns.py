"""Values of JSON as columns: all of one kind and shape, or what the first other one is."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast

from kspec.data.cells import EXACT
from kspec.data.columns import Odd
from kspec.data.packed import Chunk, chunk_of

if TYPE_CHECKING:
    from kspec.data.base import Array

_WORDS: Final = {
    bool: "a truth value",
    int: "a number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "an object",
    type(None): "null",
}


class JsonColumn:
    """Collects a column. Its first row says what the others must be.

    Args:
        name: The key.
        lenient: Whether other rows are noted in `bad`, with why, and filled with zeros or "".
        before: How many rows there were before the first that has the key.
    """

    def __init__(self, name: str, lenient: bool = False, before: int = 0) -> None:
        self.name = name
        self.chunks: list[Chunk] = []
        self.fault = ""
        self.bad: dict[int, str] = dict.fromkeys(range(before), self._missing) if lenient else {}
        self._lenient = lenient
        self._rows = before
        self._filled = 0  # rows that are in the chunks
        self._kind: type | None = None
        self._shape: tuple[int, ...] = ()
        self._fractions = False
        self._inexact = 0  # the first line with a whole number that no float is

    @property
    def _missing(self) -> str:
        return f"it has no `{self.name}`"

    def lacks(self, line: int) -> None:
        """A line has no such key."""
        self.fault = self.fault or f"line {line} has no `{self.name}`"

    def add(self, rows: Sequence[dict[str, Any]], lines: Sequence[int]) -> None:
        """The next rows, and their lines."""
        if self.fault or not rows:
            return
        if self._lenient:
            self._add_leniently(rows, lines)
            return
        try:
            values = [row[self.name] for row in rows]
        except KeyError:
            first = next(i for i, row in enumerate(rows) if self.name not in row)
            self.lacks(lines[first])
            return
        try:
            if self._kind is None:
                self._learn(values[0])
            self.chunks.append(self._chunk(values, lines))
        except Odd as misfit:
            self.fault = f"line {lines[misfit.row]}: `{self.name}` {misfit}"

    def _add_leniently(self, rows: Sequence[dict[str, Any]], lines: Sequence[int]) -> None:
        """As `add`; rows of another kind are noted, and filled."""
        with suppress(KeyError, Odd):  # most often all are good
            all_values = [row[self.name] for row in rows]
            if self._kind is None:
                self._learn(all_values[0])
            self._chunk(all_values, lines)
            self._fill(all_values, [], lines)
            self._rows += len(rows)
            return
        values: list[Any] = []
        bad: list[int] = []
        for number, row in enumerate(rows):
            try:
                if self.name not in row:
                    raise Odd(0, self._missing)
                if self._kind is None:
                    self._learn(row[self.name])
                self._chunk([row[self.name]], lines[number : number + 1])
                values.append(row[self.name])
            except Odd as odd:
                reason = str(odd)
                told = reason if reason == self._missing else f"`{self.name}` {reason}"
                self.bad[self._rows + number] = told
                bad.append(number)
        self._fill(values, bad, lines)
        self._rows += len(rows)

    def _fill(self, values: list[Any], bad: list[int], lines: Sequence[int]) -> None:
        """The values with something in the place of the bad ones, and of those before."""
        import numpy as np

        if self._kind is None:
            return
        filler: Any = np.zeros(self._shape, int).tolist() if self._kind is not str else ""
        if self._kind is bool:
            filler = np.zeros(self._shape, bool).tolist()
        for number in bad:
            values.insert(number, filler)
        ahead = self._rows - self._filled
        self.chunks.append(self._chunk([filler] * ahead + values, [*[0] * ahead, *lines]))
        self._filled = self._rows + len(values)

    def found(self) -> list[Chunk] | str:
        """The chunks, or what is wrong."""
        if self._fractions and self._inexact and not self.fault:
            reason = f"`{self.name}` has fractions, and this number is too large for one"
            return f"line {self._inexact}: {reason}"
        if self._lenient and self._kind is None and not self.fault:
            return f"no line has a value of `{self.name}`"
        return self.fault or self.chunks

    def _learn(self, value: Any) -> None:
        """What the column holds."""
        shape: list[int] = []
        while isinstance(value, list):
            items = cast("list[Any]", value)
            if not items:
                raise Odd(0, "is an empty list")
            shape.append(len(items))
            value = items[0]
        inside = "has " if shape else "is "
        kind: type = value.__class__
        if kind in (type(None), dict):
            raise Odd(0, f"{inside}{_WORDS[kind]}")
        if kind is str and shape:
            raise Odd(0, "is a list of texts, and lists are of numbers")
        self._kind = kind
        self._shape = tuple(shape)

    def _chunk(self, values: list[Any], lines: Sequence[int]) -> Chunk:
        """The next rows as an array, or as texts."""
        import numpy as np

        rows, leaves = len(values), self._leaves(values)
        if self._kind is str:
            return _texts(leaves)
        array = np.array(leaves, bool) if self._kind is bool else self._numbers(leaves, lines)
        return array.reshape(rows, *self._shape)

    def _leaves(self, values: list[Any]) -> list[Any]:
        """The values in the lists, all of one kind."""
        for axis, size in enumerate(self._shape):
            self._check(values, {list}, axis)
            if set(map(len, values)) != {size}:
                at = next(i for i, value in enumerate(values) if len(value) != size)
                row = at // math.prod(self._shape[:axis])
                what = "is a list" if axis == 0 else "has a list"
                first = f"{size} in the first row, and lists of a column have one length"
                raise Odd(row, f"{what} of {len(values[at])}; it is one of {first}")
            values = list(itertools.chain.from_iterable(values))
        kinds = {int, float} if self._kind in (int, float) else {self._kind}
        self._check(values, kinds, len(self._shape))
        return values

    def _check(self, values: list[Any], kinds: set[Any], depth: int) -> None:
        """Refuse values of other kinds inside of so many lists."""
        if set(map(type, values)) <= kinds:
            return
        at = next(i for i, value in enumerate(values) if type(value) not in kinds)
        verb = "has" if depth else "is"
        wanted = _WORDS[next(iter(kinds))]
        row = at // math.prod(self._shape[:depth])
        what = f"{verb} {_WORDS[type(values[at])]}"
        raise Odd(row, what if values[at] is None else f"{what}; the first row {verb} {wanted}")

    def _numbers(self, values: list[Any], lines: Sequence[int]) -> Array:
        import numpy as np

        per_row = math.prod(self._shape)
        try:
            if set(map(type, values)) == {int}:
                array = np.array(values, np.int64)
                large = np.flatnonzero((array > EXACT) | (array < -EXACT))
            else:
                self._fractions = True
                array = np.array(values, np.float64)
                if not np.isfinite(array).all():
                    raise OverflowError
                whole = [type(value) is int and abs(value) > EXACT for value in values]
                large = np.flatnonzero(whole)
        except OverflowError:
            at = next(i for i, value in enumerate(values) if not _fits(value))
            raise Odd(at // per_row, "is a number too large for 64 bits") from None
        if large.size and not self._inexact:
            self._inexact = lines[int(large[0]) // per_row]
        return array


def _fits(value: float) -> bool:
    """Whether a number has 64 bits."""
    return math.isfinite(value) if isinstance(value, float) else -(2**63) <= value < 2**63


def _texts(values: list[str]) -> Chunk:
    """Texts that an array of NumPy can hold, which cuts zeros off."""
    joined = "".join(values)
    if "\0" in joined or not _is_unicode(joined):
        at = next(i for i, text in enumerate(values) if "\0" in text or not _is_unicode(text))
        what = "the character U+0000" if "\0" in values[at] else "half of a surrogate pair"
        raise Odd(at, f"has {what}")
    return chunk_of(values)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
