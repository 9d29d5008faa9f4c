"""Division with rest, steps and limits, element by element. The type rules."""

from __future__ import annotations

from kspec.ir.rules import (
    Attrs,
    Types,
    arity,
    broadcast,
    floating,
    floating_pair,
    op,
    pair,
    require,
    require_float,
    require_integer,
)
from kspec.ir.types import TensorType

op("trunc")(floating)
op("nan_to_num", nan=0.0, posinf=None, neginf=None)(floating)
op("mod", "fmod", "floor_divide", "fmax", "fmin")(pair)
op("heaviside", "nextafter")(floating_pair)


@op("gcd", "lcm")
def _integers(types: Types, attrs: Attrs) -> Types:
    result = pair(types, attrs)
    require_integer(types[0], "a common divisor or multiple")
    return result


@op("ldexp")
def _ldexp(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "ldexp")
    x, exponent = types
    require_float(x, "ldexp")
    require_integer(exponent, "an exponent of 2")
    return (TensorType(x.dtype, broadcast(x, exponent)),)


@op("isclose", rtol=1e-05, atol=1e-08, equal_nan=False)
def _isclose(types: Types, attrs: Attrs) -> Types:
    (result,) = floating_pair(types, attrs)
    return (result.with_dtype("bool"),)


@op("isnan", "isinf", "isfinite", "isposinf", "isneginf", "signbit")
def _checks(types: Types, attrs: Attrs) -> Types:
    floating(types, attrs)
    return (types[0].with_dtype("bool"),)


@op("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift")
def _bits(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "bits")
    left, right = types
    require(left.dtype == right.dtype, f"{left} and {right} have different element types")
    require_integer(left, "an op on bits")
    return (TensorType(left.dtype, broadcast(left, right)),)


@op("bitwise_invert")
def _invert(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "bits")
    require_integer(types[0], "an op on bits")
    return types
