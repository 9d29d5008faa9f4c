"""Powers, logarithms and special functions of each element."""

from __future__ import annotations

from typing import ClassVar, final

from kspec.ir import Builder, Value
from kspec.ops.base import op, to_float
from kspec.ops.elementwise import Binary, Unary
from kspec.registry import Example

__all__: list[str] = []


@final
@op("exp2")
class Exp2(Unary):
    """2 to the power of the number."""


@final
@op("log2")
class Log2(Unary):
    """The logarithm to base 2."""


@final
@op("log10")
class Log10(Unary):
    """The logarithm to base 10."""


@final
@op("logaddexp")
class LogAddExp(Binary):
    """log(exp(x1) + exp(x2)), safe for large numbers."""

    exact: ClassVar[bool] = False


@final
@op("logaddexp2")
class LogAddExp2(Binary):
    """log2(2 ** x1 + 2 ** x2), safe for large numbers."""

    exact: ClassVar[bool] = False


@final
@op("power")
class Power(Binary):
    """x1 to the power of x2; `x1 ** x2` is the same."""


@final
@op("cbrt")
class Cbrt(Unary):
    """The cube root."""


@final
@op("reciprocal")
class Reciprocal(Unary):
    """1 / x."""


@final
@op("erfc")
class Erfc(Unary):
    """1 - erf(x), exact for large numbers."""


@final
@op("erfinv")
class Erfinv(Unary):
    """The number whose error function this is."""


@final
@op("i0")
class I0(Unary):
    """The modified Bessel function of the first kind, of order 0."""


@final
@op("heaviside")
class Heaviside(Binary):
    """0 where x1 is negative, 1 where it is positive, and x2 where it is 0."""

    exact: ClassVar[bool] = False


@final
@op("nextafter")
class NextAfter(Binary):
    """The next float after x1 on the way to x2; it has no gradient."""

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops; JAX would refuse to derive it."""
        x = (b.op("stop_gradient", to_float(b, value)) for value in operands)
        return b.op("nextafter", *x)


@final
@op("ldexp")
class Ldexp(Binary):
    """x1 * 2 ** x2; x2 is an integer."""

    example = Example("ldexp(x1, x2)", x1="f32[6]", x2="i32[6]")

    promotes: ClassVar[int] = 2

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        x, exponent = operands
        return b.op("ldexp", to_float(b, x), exponent)
