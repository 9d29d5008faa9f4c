"""Activations that are more than one formula of other ops. The JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.table import Writer, emits, emits_functions, emits_helper, literal
from kspec.ir import Op

emits_functions(
    hard_tanh="jax.nn.hard_tanh",
    sparse_plus="jax.nn.sparse_plus",
    sparse_sigmoid="jax.nn.sparse_sigmoid",
)
emits_helper("sparsemax", "axis")


@emits("squareplus")
def _squareplus(op: Op, w: Writer, args: list[str]) -> str:
    b = op.attrs["b"]
    return f"jax.nn.squareplus({args[0]}{'' if b == 4 else f', b={literal(b)}'})"


@emits("glu")
def _glu(op: Op, w: Writer, args: list[str]) -> str:
    axis = op.attrs["axis"]
    last = axis == op.result.type.rank - 1
    return f"jax.nn.glu({args[0]}{'' if last else f', axis={axis}'})"
