"""How many bytes things take: types with the batch that a step has, and amounts in words."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from kspec.ir import BATCH, Dim, TensorType, Value

BYTES: Final = {
    **dict.fromkeys(("f32", "i32", "u32"), 4),
    **dict.fromkeys(("bf16", "f16", "i16", "u16"), 2),
    **dict.fromkeys(("i8", "u8", "bool"), 1),
    "key": 8,
}
_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB")
_COUNTS: Final = ("", "k", "M", "G", "T", "P")


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of axes that the types do not say.

    Attributes:
        batch: Examples in a batch; `2B` is that of two calls.
        other: The size of all other named axes.
    """

    batch: int
    other: int = 1

    def axis(self, axis: Dim) -> int:
        """The size of an axis."""
        if isinstance(axis, int):
            return axis
        calls = axis.removesuffix(BATCH)
        if axis == BATCH:
            return self.batch
        return int(calls) * self.batch if calls.isdigit() else self.other

    def elements(self, type: TensorType) -> int:
        """How many numbers there are of a type."""
        return math.prod(map(self.axis, type.shape))

    def bytes(self, type: TensorType) -> int:
        """What it takes on the device; nothing where it stays on the host."""
        return 0 if type.is_hosted else self.elements(type) * BYTES[type.dtype]

    def total(self, values: Iterable[Value]) -> int:
        """What several values take together."""
        return sum(self.bytes(value.type) for value in values)


def in_words(size: int) -> str:
    """`8.0 GiB`, `512 B`."""
    amount, unit = float(size), 0
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{amount:.1f} {_UNITS[unit]}" if unit else f"{size} B"


def count_in_words(count: int) -> str:
    """`30.7 G`, `512`."""
    amount, unit = float(count), 0
    while amount >= 1000 and unit < len(_COUNTS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.1f} {_COUNTS[unit]}" if unit else str(count)
