"""Ops that make one number of several along axes."""

from __future__ import annotations

from typing import ClassVar, final

from kspec.ir import Builder, Value
from kspec.ops.base import Axes, Operation, arg, axes_of, boolean, number, op, to_float

__all__: list[str] = []


class Reduction(Operation):
    """The IR op of the same name along axes; integers become f32 first unless `exact`."""

    exact: ClassVar[bool] = True

    axis: int | tuple[int, ...] | None = arg(
        default=None, doc="The axis or axes; all axes of one example by default."
    )
    keepdims: bool = arg(default=False, doc="Whether the axes stay, with size 1.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        x = number(b, operands[0]) if self.exact else to_float(b, operands[0])
        return b.op(self.name, x, axis=axes_of(x, self.axis), keepdims=self.keepdims)


@final
@op("sum")
class Sum(Reduction):
    """The sum along axes; of booleans, how many hold."""


class _Extreme(Reduction):
    """The largest or smallest number along axes."""

    other: ClassVar[str]

    initial: float | None = arg(default=None, doc="One more number to choose from.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        x = operands[0]
        if self.initial is not None and not self.initial.is_integer():
            x = to_float(b, x)
        result = super().lower(b, x)
        if self.initial is None:
            return result
        first = self.initial if result.type.is_float else int(self.initial)
        return b.op(self.other, result, b.constant(first, result.type.dtype))


@final
@op("max")
class Max(_Extreme):
    """The largest number along axes."""

    other: ClassVar[str] = "maximum"


@final
@op("min")
class Min(_Extreme):
    """The smallest number along axes."""

    other: ClassVar[str] = "minimum"


@final
@op("prod")
class Prod(Reduction):
    """The product along axes."""


@final
@op("ptp")
class Ptp(Reduction):
    """From the smallest to the largest: max(x) - min(x) along axes."""


@final
@op("count_nonzero")
class CountNonzero(Operation):
    """How many numbers along axes are not 0."""

    axis: int | tuple[int, ...] | None = arg(
        default=None, doc="The axis or axes; all axes of one example by default."
    )

    def lower(self, b: Builder, *operands: Value) -> Value:
        """A comparison and a sum."""
        x = b.op("cast", boolean(b, operands[0]), dtype="i32")
        return b.op("sum", x, axis=axes_of(x, self.axis))


@final
@op("mean")
class Mean(Reduction):
    """The mean along axes."""

    exact: ClassVar[bool] = False


@final
@op("var")
class Var(Reduction):
    """The mean squared distance from the mean along axes."""

    exact: ClassVar[bool] = False

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        return _variance(b, operands[0], self.axis, keepdims=self.keepdims)


@final
@op("std")
class Std(Reduction):
    """The standard deviation along axes, the square root of `var`."""

    exact: ClassVar[bool] = False

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        return b.op("sqrt", _variance(b, operands[0], self.axis, keepdims=self.keepdims))


def _variance(b: Builder, x: Value, axis: Axes, *, keepdims: bool) -> Value:
    x = to_float(b, x)
    axes = axes_of(x, axis)
    centered = b.op("subtract", x, b.op("mean", x, axis=axes, keepdims=True))
    return b.op("mean", b.op("square", centered), axis=axes, keepdims=keepdims)


@final
@op("logsumexp")
class LogSumExp(Reduction):
    """log(sum(exp(x))) along axes, safe for large numbers."""

    exact: ClassVar[bool] = False

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        x = to_float(b, operands[0])
        axes = axes_of(x, self.axis)
        peak = b.op("stop_gradient", b.op("max", x, axis=axes, keepdims=True))
        total = b.op("sum", b.op("exp", b.op("subtract", x, peak)), axis=axes, keepdims=True)
        result = b.op("add", b.op("log", total), peak)
        if self.keepdims:
            return result
        for axis in reversed(axes):
            result = b.op("squeeze", result, axis=axis)
        return result
