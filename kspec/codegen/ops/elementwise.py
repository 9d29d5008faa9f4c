"""Element by element. The JAX expressions."""

from __future__ import annotations

from typing import cast

from kspec.codegen.ops.table import (
    Writer,
    emits,
    emits_functions,
    emits_helper,
    emits_operators,
    jax_dtype,
    literal,
)
from kspec.ir import Op

emits_functions(
    abs="jnp.abs",
    square="jnp.square",
    sign="jnp.sign",
    exp="jnp.exp",
    expm1="jnp.expm1",
    log="jnp.log",
    log1p="jnp.log1p",
    sin="jnp.sin",
    cos="jnp.cos",
    erf="jax.lax.erf",
    floor="jnp.floor",
    ceil="jnp.ceil",
    round="jnp.round",
    stop_gradient="jax.lax.stop_gradient",
    sqrt="jnp.sqrt",
    rsqrt="jax.lax.rsqrt",
    relu="jax.nn.relu",
    relu6="jax.nn.relu6",
    sigmoid="jax.nn.sigmoid",
    log_sigmoid="jax.nn.log_sigmoid",
    tanh="jnp.tanh",
    softplus="jax.nn.softplus",
    softsign="jax.nn.soft_sign",
    silu="jax.nn.silu",
    selu="jax.nn.selu",
    mish="jax.nn.mish",
    hard_sigmoid="jax.nn.hard_sigmoid",
    hard_silu="jax.nn.hard_silu",
    maximum="jnp.maximum",
    minimum="jnp.minimum",
    select="jnp.where",
)
emits_operators(
    add="+",
    subtract="-",
    multiply="*",
    divide="/",
    power="**",
    equal="==",
    not_equal="!=",
    less="<",
    less_equal="<=",
    greater=">",
    greater_equal=">=",
)
emits_helper("divide_no_nan")


@emits("negative")
def _negative(op: Op, w: Writer, args: list[str]) -> str:
    return f"-{args[0]}"


@emits("elu", "celu")
def _elu(op: Op, w: Writer, args: list[str]) -> str:
    alpha = op.attrs["alpha"]
    return f"jax.nn.{op.name}({args[0]}{'' if alpha == 1 else f', alpha={literal(alpha)}'})"


@emits("gelu")
def _gelu(op: Op, w: Writer, args: list[str]) -> str:
    return f"jax.nn.gelu({args[0]}, approximate={op.attrs['approximate']})"


emits_helper("gelu_native", "approximate")


@emits("leaky_relu")
def _leaky_relu(op: Op, w: Writer, args: list[str]) -> str:
    return f"jax.nn.leaky_relu({args[0]}, {literal(op.attrs['negative_slope'])})"


@emits("clip")
def _clip(op: Op, w: Writer, args: list[str]) -> str:
    return f"jnp.clip({args[0]}, {literal(op.attrs['min'])}, {literal(op.attrs['max'])})"


@emits("constant")
def _constant(op: Op, w: Writer, args: list[str]) -> str:
    value = op.attrs["value"]
    dtype = op.attrs["dtype"]
    if dtype == "f32" and not isinstance(value, bool):
        return literal(float(cast("float", value)))
    return literal(value)


@emits("cast")
def _cast(op: Op, w: Writer, args: list[str]) -> str:
    dtype = jax_dtype(op.attrs["dtype"])
    bare = args[0].lstrip("(").startswith(tuple("-.0123456789"))
    return f"jnp.asarray({args[0]}, {dtype})" if bare else f"{args[0]}.astype({dtype})"
