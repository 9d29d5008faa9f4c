"""Window functions of signal processing, as rows of numbers."""

from __future__ import annotations

from typing import ClassVar, final

from kspec.ir import Builder, Value
from kspec.ops.base import Operation, arg, bad_size, op
from kspec.registry import Example

__all__: list[str] = []


class _Window(Operation):
    """A row that rises from its ends to its middle."""

    operands: ClassVar[int] = 0

    x: int = arg(doc="How many numbers.")

    def check(self) -> str | None:
        """There is at least one."""
        return bad_size(self.x, "x")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        return b.op(self.name, M=self.x)


@final
@op("bartlett")
class Bartlett(_Window):
    """Bartlett's window: a triangle."""

    example = Example("x * bartlett(6)", x="f32[5, 6]")


@final
@op("blackman")
class Blackman(_Window):
    """Blackman's window: a sum of three cosines."""

    example = Example("x * blackman(6)", x="f32[5, 6]")


@final
@op("hamming")
class Hamming(_Window):
    """Hamming's window: 0.54 - 0.46 * cos(2 pi n / (x - 1))."""

    example = Example("x * hamming(6)", x="f32[5, 6]")


@final
@op("hanning")
class Hanning(_Window):
    """Hann's window: 0.5 - 0.5 * cos(2 pi n / (x - 1))."""

    example = Example("x * hanning(6)", x="f32[5, 6]")


@final
@op("kaiser")
class Kaiser(_Window):
    """Kaiser's window, made of Bessel functions."""

    example = Example("x * kaiser(6, 14.0)", x="f32[5, 6]")

    beta: float = arg(doc="How narrow it is.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        return b.op("kaiser", M=self.x, beta=self.beta)
