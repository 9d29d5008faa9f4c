"""Cells that are numbers, in formats where no type says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from kspec.data.mapped import release

if TYPE_CHECKING:
    from kspec.data.base import Array

EXACT: Final = 2**53  # whole numbers up to here are floats of 64 bits, too
_PART: Final = 2**22  # numbers that are looked at at once


class Misfit(ValueError):
    """A cell is not what it should be.

    Attributes:
        value: The cell, shortened.
        wanted: What it should be.
        row: Where it is.
    """

    def __init__(self, value: object, wanted: str, row: int) -> None:
        super().__init__(wanted)
        self.value = str(value)[:40]
        self.wanted = wanted
        self.row = row


def as_numbers(raw: Array, whole: bool) -> Array:
    """Text, or whole numbers that may stand for fractions, as numbers.

    Args:
        raw: The cells.
        whole: Whether only whole numbers are wanted.

    Raises:
        Misfit: With the first cell that is none.
    """
    import numpy as np

    try:
        if raw.dtype.kind != "U" and ((raw > EXACT) | (raw < -EXACT)).any():
            raise OverflowError
        return raw.astype(np.int64 if whole else np.float64)
    except (ValueError, OverflowError):
        raise next(misfits(raw, whole)) from None


def misfits(raw: Array, whole: bool) -> Iterator[Misfit]:
    """All cells that are no numbers. Arguments are those of `as_numbers`."""
    import numpy as np

    if raw.dtype.kind != "U":
        for index in np.argwhere((raw > EXACT) | (raw < -EXACT)):
            yield Misfit(raw[tuple(index)], "a number that a float can hold", int(index[0]))
        return
    wanted = "a whole number" if whole else "a number"
    for index, cell in np.ndenumerate(raw):
        if not is_number(str(cell), whole):
            yield Misfit(cell, wanted, index[0])


def digits(raw: Array) -> Array:
    """Which cells are whole numbers, bool[n]."""
    import numpy as np

    return np.fromiter((is_number(str(value), True) for value in raw), bool, len(raw))


def is_number(text: str, whole: bool) -> bool:
    """Whether a cell is a number; if that is asked for, a whole one of 64 bits."""
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        return False
    return not whole or -(2**63) <= value < 2**63


def not_finite(raw: Array) -> Iterator[tuple[int, ...]]:
    """Where floats are no numbers. Takes little memory."""
    import numpy as np

    if raw.dtype.kind != "f" or not raw.size:
        return
    step = max(1, _PART // (raw.size // len(raw)))
    for start in range(0, len(raw), step):
        finite = np.isfinite(raw[start : start + step])
        for row, *rest in np.argwhere(~finite).tolist():
            yield start + row, *rest
        release(raw)
