"""Comparisons, logic on what is true or false, and bits."""

from __future__ import annotations

from typing import ClassVar, final

from kspec.ir import Builder, Value
from kspec.ops.base import Operation, arg, axes_of, boolean, op, to_float
from kspec.ops.elementwise import Binary
from kspec.registry import Example

__all__: list[str] = []


@final
@op("equal")
class Equal(Binary):
    """Whether x1 == x2, element by element."""


@final
@op("not_equal")
class NotEqual(Binary):
    """Whether x1 != x2, element by element."""


@final
@op("less")
class Less(Binary):
    """Whether x1 < x2, element by element."""


@final
@op("less_equal")
class LessEqual(Binary):
    """Whether x1 <= x2, element by element."""


@final
@op("greater")
class Greater(Binary):
    """Whether x1 > x2, element by element."""


@final
@op("greater_equal")
class GreaterEqual(Binary):
    """Whether x1 >= x2, element by element."""


@final
@op("isclose")
class IsClose(Binary):
    """Whether abs(x1 - x2) <= atol + rtol * abs(x2)."""

    exact: ClassVar[bool] = False

    rtol: float = arg(default=1e-5, doc="How far apart for each unit of x2.")
    atol: float = arg(default=1e-8, doc="How far apart in any case.")
    equal_nan: bool = arg(default=False, doc="Whether NaN is close to NaN.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Integers become f32 first."""
        x = [to_float(b, value) for value in operands]
        return b.op("isclose", *x, rtol=self.rtol, atol=self.atol, equal_nan=self.equal_nan)


@final
@op("isin")
class IsIn(Operation):
    """Whether the number is one of several."""

    example = Example("isin(x, [1, 3])", x="i32[6]")

    elementwise: ClassVar[bool] = True

    x2: tuple[int, ...] | tuple[float, ...] = arg(doc="The numbers.")
    invert: bool = arg(default=False, doc="Whether to say instead that it is none of them.")

    def check(self) -> str | None:
        """There must be some."""
        return None if self.x2 else "x2 must have at least one number"

    def lower(self, b: Builder, *operands: Value) -> Value:
        """A comparison with each, on a new axis."""
        (x,) = operands
        dtype = x.type.dtype
        if not x.type.is_float and any(isinstance(each, float) for each in self.x2):
            dtype = "f32"
            x = b.op("cast", x, dtype=dtype)
        row = b.op("array", value=self.x2, dtype=dtype)
        same = b.op("equal", b.op("expand_dims", x, axis=x.type.rank), row)
        found = b.op("any", same, axis=(x.type.rank,))
        return b.op("logical_not", found) if self.invert else found


class _Logic(Operation):
    """The IR op of the same name; numbers count as true where they are not 0."""

    elementwise: ClassVar[bool] = True
    operands: ClassVar[int] = 2
    promotes: ClassVar[int] = 2

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        return b.op(self.name, *(boolean(b, x) for x in operands))


@final
@op("logical_and")
class LogicalAnd(_Logic):
    """Whether both hold."""


@final
@op("logical_or")
class LogicalOr(_Logic):
    """Whether at least one holds."""


@final
@op("logical_xor")
class LogicalXor(_Logic):
    """Whether exactly one holds."""


@final
@op("logical_not")
class LogicalNot(_Logic):
    """Whether it does not hold."""

    operands: ClassVar[int] = 1
    promotes: ClassVar[int] = 1


class _Truth(Operation):
    """The IR op of the same name along axes; numbers count as true where they are not 0."""

    axis: int | tuple[int, ...] | None = arg(
        default=None, doc="The axis or axes; all axes of one example by default."
    )
    keepdims: bool = arg(default=False, doc="Whether the axes stay, with size 1.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        (x,) = operands
        axes = axes_of(x, self.axis)
        return b.op(self.name, boolean(b, x), axis=axes, keepdims=self.keepdims)


@final
@op("all")
class All(_Truth):
    """Whether everything along axes holds."""


@final
@op("any")
class Any(_Truth):
    """Whether anything along axes holds."""


@final
@op("bitwise_and")
class BitwiseAnd(Binary):
    """The bits that both integers have."""

    example = Example("bitwise_and(x1, x2)", x1="i32[6]", x2="i32[6]")


@final
@op("bitwise_or")
class BitwiseOr(Binary):
    """The bits that at least one integer has."""

    example = Example("bitwise_or(x1, x2)", x1="i32[6]", x2="i32[6]")


@final
@op("bitwise_xor")
class BitwiseXor(Binary):
    """The bits that exactly one integer has."""

    example = Example("bitwise_xor(x1, x2)", x1="i32[6]", x2="i32[6]")


@final
@op("bitwise_left_shift")
class BitwiseLeftShift(Binary):
    """The bits of x1, moved up by x2 places."""

    example = Example("bitwise_left_shift(x1, x2)", x1="i32[6]", x2="i32[6]")


@final
@op("bitwise_right_shift")
class BitwiseRightShift(Binary):
    """The bits of x1, moved down by x2 places."""

    example = Example("bitwise_right_shift(x1, x2)", x1="i32[6]", x2="i32[6]")
