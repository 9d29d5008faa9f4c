"""Arithmetic on each element: what operators do, division with rest, limits of types."""

from __future__ import annotations

from typing import ClassVar, Final, final

from kspec.ir import FLOATS, Builder, Dtype, TypeRuleError, Value
from kspec.ops.base import Operation, arg, number, op, to_float
from kspec.ops.elementwise import Binary, Unary
from kspec.registry import Example

__all__: list[str] = []


@final
@op("add")
class Add(Binary):
    """x1 + x2, element by element."""


@final
@op("subtract")
class Subtract(Binary):
    """x1 - x2, element by element."""


@final
@op("multiply")
class Multiply(Binary):
    """x1 * x2, element by element."""


@final
@op("divide")
class Divide(Binary):
    """x1 / x2, element by element."""

    exact: ClassVar[bool] = False


@final
@op("floor_divide")
class FloorDivide(Binary):
    """The largest whole number that is not above x1 / x2."""


@final
@op("mod")
class Mod(Binary):
    """What is left of x1 when x2 is taken out as often as it goes; it has the sign of x2."""


@final
@op("fmod")
class Fmod(Binary):
    """What is left of x1 when x2 is taken out as often as it goes; it has the sign of x1."""


@final
@op("fmax")
class Fmax(Binary):
    """The larger of two numbers; where one is NaN, the other."""


@final
@op("fmin")
class Fmin(Binary):
    """The smaller of two numbers; where one is NaN, the other."""


@final
@op("gcd")
class Gcd(Binary):
    """The largest integer that divides both."""

    example = Example("gcd(x1, x2)", x1="i32[6]", x2="i32[6]")


@final
@op("lcm")
class Lcm(Binary):
    """The smallest positive integer that both divide."""

    example = Example("lcm(x1, x2)", x1="i32[6]", x2="i32[6]")


@final
@op("trunc")
class Trunc(Operation):
    """The number without its fraction."""

    elementwise: ClassVar[bool] = True

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Integers have no fraction."""
        (x,) = operands
        return b.op("trunc", x) if x.type.is_float else x


@final
@op("nan_to_num")
class NanToNum(Operation):
    """Numbers in the place of what is none."""

    elementwise: ClassVar[bool] = True

    nan: float = arg(default=0.0, doc="What stands for NaN.")
    posinf: float | None = arg(
        default=None, doc="What stands for infinity; none is the largest float."
    )
    neginf: float | None = arg(
        default=None, doc="What stands for minus infinity; none is the smallest float."
    )

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Integers are numbers anyway."""
        (x,) = operands
        if not x.type.is_float:
            return x
        return b.op("nan_to_num", x, nan=self.nan, posinf=self.posinf, neginf=self.neginf)


# Bits of the numbers between which every integer is a float of that type.
_SIGNIFICANT: Final = {"f32": 24, "bf16": 8, "f16": 11}
_LARGEST: Final = {"f16": 65504}


@final
@op("saturate_cast")
class SaturateCast(Operation):
    """The numbers in another element type; what it cannot hold becomes its nearest number."""

    example = Example("saturate_cast(x, u8)", x="f32[6]")

    elementwise: ClassVar[bool] = True

    dtype: Dtype = arg(doc="The element type.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Limits, and a cast."""
        x = number(b, operands[0])
        if self.dtype == "bool" or self.dtype in FLOATS:
            limits = (0, 1) if self.dtype == "bool" else None
        else:
            limits = _limits(self.dtype)
        if limits is not None:
            x = _between(b, x, *limits)
        return b.op("cast", x, dtype=self.dtype)


def _limits(dtype: str) -> tuple[int, int]:
    """The smallest and the largest integer of a type."""
    if dtype[:1] not in ("i", "u") or not dtype[1:].isdigit():
        raise TypeRuleError(f"there is no element type {dtype}")
    bits = int(dtype[1:])
    return (0, 2**bits - 1) if dtype[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _between(b: Builder, x: Value, low: int, high: int) -> Value:
    """The numbers, none of them outside of both types."""
    dtype = x.type.dtype
    if x.type.is_float:
        spare = max(0, high.bit_length() - _SIGNIFICANT[dtype])
        most = _LARGEST.get(dtype, 2**32)
        high = min(high >> spare << spare, most)
        return b.op("clip", x, min=float(max(low, -most)), max=float(high))
    smallest, largest = _limits(dtype)
    if low > smallest:
        x = b.op("maximum", x, b.constant(low, dtype))
    return b.op("minimum", x, b.constant(high, dtype)) if high < largest else x


class _Check(Operation):
    """The IR op of the same name, which says something of a float."""

    elementwise: ClassVar[bool] = True

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        return b.op(self.name, to_float(b, operands[0]))


@final
@op("isnan")
class IsNan(_Check):
    """Whether it is NaN: no number."""


@final
@op("isinf")
class IsInf(_Check):
    """Whether it is infinite, of either sign."""


@final
@op("isfinite")
class IsFinite(_Check):
    """Whether it is a number and not infinite."""


@final
@op("isposinf")
class IsPosInf(_Check):
    """Whether it is infinity."""


@final
@op("isneginf")
class IsNegInf(_Check):
    """Whether it is minus infinity."""


@final
@op("signbit")
class SignBit(_Check):
    """Whether it has a minus sign; -0.0 has one."""


@final
@op("bitwise_invert")
class BitwiseInvert(Unary):
    """Each bit of an integer turned over."""

    example = Example("bitwise_invert(x)", x="i32[6]")

    exact: ClassVar[bool] = True
