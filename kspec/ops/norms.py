"""Lengths of vectors and sizes of matrices."""

from __future__ import annotations

from typing import Literal, final

from kspec.ir import Builder, TypeRuleError, Value
from kspec.ops.base import Operation, arg, axes_of, example_axes, in_order, op, to_float

__all__: list[str] = []


@final
@op("norm")
class Norm(Operation):
    """The length of the vectors along an axis, or the size of the matrices along two axes.

    By default, sqrt(sum(x ** 2)). For vectors, `ord` p gives sum(abs(x) ** p) ** (1 / p),
    `"inf"` the largest abs(x), `"-inf"` the smallest, and 0 how many are not 0. For matrices,
    `"fro"` gives the default, `"nuc"` the sum of the singular values, 2 and -2 the largest
    and the smallest of them, 1 and `"inf"` the largest sum of abs(x) down a column and along
    a row, -1 and `"-inf"` the smallest.
    """

    ord: float | Literal["fro", "nuc", "inf", "-inf"] | None = arg(
        default=None, doc="Which norm; none is Euclid's."
    )
    axis: int | tuple[int, ...] | None = arg(
        default=None, doc="One axis for vectors, two for matrices; by default one example is one."
    )
    keepdims: bool = arg(default=False, doc="Whether the axes stay, with size 1.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Sums where they will do, else the op."""
        x = to_float(b, operands[0])
        return _norm(b, x, self.ord, self.axis, keepdims=self.keepdims)


def _norm(
    b: Builder,
    x: Value,
    ord: float | str | None,
    axis: int | tuple[int, ...] | None,
    *,
    keepdims: bool,
) -> Value:
    axes = example_axes(x) if axis is None else in_order(x, axis)
    if ord is None or (ord == "fro" and len(axes) == 2) or (ord == 2 and len(axes) == 1):
        total = b.op("sum", b.op("square", x), axis=tuple(sorted(axes)), keepdims=keepdims)
        return b.op("sqrt", total)
    if ord == 1 and len(axes) == 1:
        return b.op("sum", b.op("abs", x), axis=axes, keepdims=keepdims)
    if len(axes) == 1 and ord in ("fro", "nuc"):
        raise TypeRuleError(f"`{ord}` is a norm of matrices: name two axes")
    if len(axes) == 2 and ord not in ("nuc", "inf", "-inf", 1, -1, 2, -2):
        raise TypeRuleError(f"there is no norm {ord} of matrices")
    given = float(ord) if ord in ("inf", "-inf") else ord
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    return b.op("norm", x, ord=given, axis=axes, keepdims=keepdims)


@final
@op("normalize")
class Normalize(Operation):
    """x / max(norm(x), epsilon) along an axis: vectors of length 1."""

    axis: int | tuple[int, ...] = arg(default=-1, doc="The axis of the vectors.")
    order: int = arg(default=2, doc="Which norm: sum(abs(x) ** order) ** (1 / order).")
    epsilon: float | None = arg(default=None, doc="The smallest divisor; none is 1e-7.")

    def check(self) -> str | None:
        """A norm has an order of at least 1."""
        return None if self.order >= 1 else "order must be at least 1"

    def lower(self, b: Builder, *operands: Value) -> Value:
        """For order 2 a product with the inverse of the length, as in Keras."""
        x = to_float(b, operands[0])
        epsilon = 1e-7 if self.epsilon is None else self.epsilon
        if self.order == 2:
            axes = axes_of(x, self.axis)
            total = b.op("sum", b.op("square", x), axis=axes, keepdims=True)
            most = b.constant(1 / epsilon, x.type.dtype)
            return b.op("multiply", x, b.op("minimum", b.op("rsqrt", total), most))
        length = _norm(b, x, self.order, self.axis, keepdims=True)
        return b.op("divide", x, b.op("maximum", length, b.constant(epsilon, x.type.dtype)))
