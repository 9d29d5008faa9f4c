"""Ops that make one number of several along axes."""

from __future__ import annotations

from typing import ClassVar, Literal, final

from kspec.ir import Builder, Value
from kspec.ops.base import Axes, Operation, arg, axes_of, axis_of, op

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
        x = _number(b, operands[0], exact=self.exact)
        return b.op(self.name, x, axis=axes_of(x, self.axis), keepdims=self.keepdims)


def _number(b: Builder, x: Value, *, exact: bool) -> Value:
    if x.type.dtype == "bool":
        return b.op("cast", x, dtype="i32" if exact else "f32")
    return x if exact or x.type.is_float else b.op("cast", x, dtype="f32")


@final
@op("sum")
class Sum(Reduction):
    """The sum along axes; of booleans, how many hold."""


@final
@op("max")
class Max(Reduction):
    """The largest number along axes."""


@final
@op("min")
class Min(Reduction):
    """The smallest number along axes."""


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
    x = _number(b, x, exact=False)
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
        x = _number(b, operands[0], exact=False)
        axes = axes_of(x, self.axis)
        peak = b.op("stop_gradient", b.op("max", x, axis=axes, keepdims=True))
        total = b.op("sum", b.op("exp", b.op("subtract", x, peak)), axis=axes, keepdims=True)
        result = b.op("add", b.op("log", total), peak)
        if self.keepdims:
            return result
        for axis in reversed(axes):
            result = b.op("squeeze", result, axis=axis)
        return result


@final
@op("norm")
class Norm(Reduction):
    """The length of the vectors along axes."""

    exact: ClassVar[bool] = False

    ord: Literal[1, 2] = arg(default=2, doc="1 for the sum of absolute values, 2 for Euclid's.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        x = _number(b, operands[0], exact=False)
        axes = axes_of(x, self.axis)
        if self.ord == 1:
            return b.op("sum", b.op("abs", x), axis=axes, keepdims=self.keepdims)
        return b.op("sqrt", b.op("sum", b.op("square", x), axis=axes, keepdims=self.keepdims))


@final
@op("argmax")
class ArgMax(Operation):
    """The place of the largest number along an axis."""

    axis: int = arg(default=-1, doc="The axis.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        (x,) = operands
        return b.op("argmax", x, axis=axis_of(x, self.axis))
