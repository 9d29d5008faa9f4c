"""Ops on each element by itself."""

from __future__ import annotations

from typing import ClassVar, final

from kspec.ir import Builder, TypeRuleError, Value
from kspec.ops.base import Operation, arg, op

__all__: list[str] = []


class Unary(Operation):
    """The IR op of the same name; integers become f32 first unless `exact`."""

    exact: ClassVar[bool] = False

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        (x,) = operands
        if not self.exact and not x.type.is_float:
            x = b.op("cast", x, dtype="f32")
        return b.op(self.name, x)


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
class Round(Unary):
    """The nearest whole number; halves go to the even one."""


class Binary(Operation):
    """The IR op of the same name on two tensors that broadcast."""

    operands: ClassVar[int] = 2

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        return b.op(self.name, *operands)


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

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Integers become f32 first."""
        x = [v if v.type.is_float else b.op("cast", v, dtype="f32") for v in operands]
        return b.op("divide_no_nan", *x)


@final
@op("where")
class Where(Operation):
    """x1 where the condition holds, else x2; all three broadcast."""

    operands: ClassVar[int] = 3
    promotes: ClassVar[int] = 1

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        return b.op("select", *operands)


@final
@op("clip")
class Clip(Operation):
    """The number, at least x_min and at most x_max."""

    x_min: float = arg(doc="The smallest result.")
    x_max: float = arg(doc="The largest result.")

    def check(self) -> str | None:
        """What is wrong with the arguments together."""
        if self.x_min > self.x_max:
            return "x_min must not be larger than x_max"
        return None

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Integers become f32 first."""
        (x,) = operands
        x = x if x.type.is_float else b.op("cast", x, dtype="f32")
        return b.op("clip", x, min=self.x_min, max=self.x_max)


@final
@op("cast")
class Cast(Operation):
    """The numbers in another element type; fractions are cut off for integers."""

    dtype: str = arg(doc='The element type: `"f32"`, `"i32"`, `"bool"`, ...')

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        return b.op("cast", *operands, dtype=self.dtype)


@final
@op("stop_gradient")
class StopGradient(Operation):
    """The same numbers, which no gradient flows through."""

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        return b.op("stop_gradient", *operands)


@final
@op("one_hot")
class OneHot(Operation):
    """A new last axis with 1 at the place of the number and 0 elsewhere."""

    num_classes: int = arg(doc="The size of the new axis.")

    def check(self) -> str | None:
        """What is wrong with the arguments together."""
        return None if self.num_classes > 0 else "num_classes must be positive"

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        (x,) = operands
        if x.type.is_float:
            raise TypeRuleError(f"one_hot needs integers, not {x.type}")
        return b.op("one_hot", x, depth=self.num_classes)
