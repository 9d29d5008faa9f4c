"""Ops on each element by itself."""

from __future__ import annotations

from typing import ClassVar, final

from kspec.ir import Builder, Dtype, Value
from kspec.ops.base import Operation, arg, boolean, number, op, to_float
from kspec.registry import Example

__all__: list[str] = []


class Unary(Operation):
    """The IR op of the same name; integers become f32 first unless `exact`."""

    elementwise: ClassVar[bool] = True
    exact: ClassVar[bool] = False

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        (x,) = operands
        return b.op(self.name, x if self.exact else to_float(b, x))


@final
@op("abs")
class Abs(Unary):
    """The absolute value."""

    exact: ClassVar[bool] = True


@final
@op("negative")
class Negative(Unary):
    """The number with the other sign."""

    exact: ClassVar[bool] = True


@final
@op("sign")
class Sign(Unary):
    """-1, 0 or 1 as the number is negative, zero or positive."""

    exact: ClassVar[bool] = True


@final
@op("square")
class Square(Unary):
    """The number times itself."""

    exact: ClassVar[bool] = True


@final
@op("exp")
class Exp(Unary):
    """e to the power of the number."""


@final
@op("expm1")
class Expm1(Unary):
    """exp(x) - 1, exact near 0."""


@final
@op("log")
class Log(Unary):
    """The natural logarithm."""


@final
@op("log1p")
class Log1P(Unary):
    """log(1 + x), exact near 0."""


@final
@op("sqrt")
class Sqrt(Unary):
    """The square root."""


@final
@op("rsqrt")
class Rsqrt(Unary):
    """1 / sqrt(x)."""


@final
@op("sin")
class Sin(Unary):
    """The sine of an angle in radians."""


@final
@op("cos")
class Cos(Unary):
    """The cosine of an angle in radians."""


@final
@op("erf")
class Erf(Unary):
    """The error function."""


@final
@op("floor")
class Floor(Unary):
    """The largest whole number that is not above."""


@final
@op("ceil")
class Ceil(Unary):
    """The smallest whole number that is not below."""


@final
@op("round")
class Round(Operation):
    """The nearest number with so many decimals; halves go to the even one."""

    elementwise: ClassVar[bool] = True

    decimals: int = arg(default=0, doc="How many decimals stay; negative ones round to tens.")

    def check(self) -> str | None:
        """A power of ten must be a float."""
        return None if abs(self.decimals) <= 38 else "decimals must be between -38 and 38"

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Integers stay as they are, unless they are rounded to tens."""
        (x,) = operands
        if not x.type.is_float and self.decimals >= 0:
            return number(b, x)
        y = to_float(b, x)
        if not self.decimals:
            return b.op("round", y)
        scale = b.constant(10.0**self.decimals, y.type.dtype)
        y = b.op("divide", b.op("round", b.op("multiply", y, scale)), scale)
        return y if x.type.is_float else b.op("cast", y, dtype=x.type.dtype)


class Binary(Operation):
    """The IR op of the same name on two tensors that broadcast; integers stay if `exact`."""

    elementwise: ClassVar[bool] = True
    exact: ClassVar[bool] = True
    operands: ClassVar[int] = 2

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        x = operands if self.exact else tuple(to_float(b, value) for value in operands)
        return b.op(self.name, *x)


@final
@op("maximum")
class Maximum(Binary):
    """The larger of two numbers, element by element."""


@final
@op("minimum")
class Minimum(Binary):
    """The smaller of two numbers, element by element."""


@final
@op("divide_no_nan")
class DivideNoNan(Binary):
    """x1 / x2, and 0 where x2 is 0."""

    exact: ClassVar[bool] = False


@final
@op("where")
class Where(Operation):
    """x1 where the condition holds, else x2; all three broadcast."""

    example = Example("where(x1, x2, x3)", x1="bool[6]", x2="f32[6]", x3="f32[6]")

    elementwise: ClassVar[bool] = True
    operands: ClassVar[int] = 3
    promotes: ClassVar[int] = 1

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        condition, *both = operands
        return b.op("select", boolean(b, condition), *both)


@final
@op("clip")
class Clip(Operation):
    """The number, at least x_min and at most x_max."""

    example = Example("clip(x, 0, 1)", x="f32[6]")

    elementwise: ClassVar[bool] = True

    x_min: float = arg(doc="The smallest result.")
    x_max: float = arg(doc="The largest result.")

    def check(self) -> str | None:
        """What is wrong with the arguments together."""
        if self.x_min > self.x_max:
            return "x_min must not be larger than x_max"
        return None

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Integers become f32 first."""
        x = to_float(b, operands[0])
        return b.op("clip", x, min=self.x_min, max=self.x_max)


@final
@op("cast")
class Cast(Operation):
    """The numbers in another element type; fractions are cut off for integers."""

    example = Example("cast(x, f32)", x="i32[6]")

    elementwise: ClassVar[bool] = True

    dtype: Dtype = arg(doc="The element type.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        return b.op("cast", *operands, dtype=self.dtype)


@final
@op("stop_gradient")
class StopGradient(Operation):
    """The same numbers, which no gradient flows through."""

    elementwise: ClassVar[bool] = True

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops; integers have no gradient anyway."""
        (x,) = operands
        return b.op("stop_gradient", x) if x.type.is_float else x
