"""Division with rest, steps and limits, element by element. The JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.table import (
    Writer,
    emits,
    emits_calls,
    emits_functions,
    emits_operators,
    literal,
)
from kspec.ir import Op

emits_functions(
    trunc="jnp.trunc",
    mod="jnp.mod",
    fmod="jnp.fmod",
    floor_divide="jnp.floor_divide",
    fmax="jnp.fmax",
    fmin="jnp.fmin",
    heaviside="jnp.heaviside",
    nextafter="jnp.nextafter",
    gcd="jnp.gcd",
    lcm="jnp.lcm",
    ldexp="jnp.ldexp",
    isnan="jnp.isnan",
    isinf="jnp.isinf",
    isfinite="jnp.isfinite",
    isposinf="jnp.isposinf",
    isneginf="jnp.isneginf",
    signbit="jnp.signbit",
)
emits_operators(
    bitwise_and="&",
    bitwise_or="|",
    bitwise_xor="^",
    bitwise_left_shift="<<",
    bitwise_right_shift=">>",
)
emits_calls("rtol", "atol", "equal_nan", isclose="jnp.isclose")


@emits("bitwise_invert")
def _invert(op: Op, w: Writer, args: list[str]) -> str:
    return f"~{args[0]}"


@emits("nan_to_num")
def _nan_to_num(op: Op, w: Writer, args: list[str]) -> str:
    given = {"nan": 0.0, "posinf": None, "neginf": None}
    parts = [f"{k}={literal(op.attrs[k])}" for k, v in given.items() if op.attrs[k] != v]
    return f"jnp.nan_to_num({', '.join([args[0], *parts])})"
