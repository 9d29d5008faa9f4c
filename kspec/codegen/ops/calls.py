"""Several calls as one. The JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.table import Writer, emits
from kspec.ir import BATCH, Op


@emits("join_calls")
def _join_calls(op: Op, w: Writer, args: list[str]) -> str:
    axis = op.args[0].type.shape.index(BATCH)
    return f"jnp.concatenate([{', '.join(args)}], axis={axis})"


@emits("split_calls")
def _split_calls(op: Op, w: Writer, args: list[str]) -> str:
    axis = op.results[0].type.shape.index(BATCH)
    return f"jnp.split({args[0]}, {op.attrs['calls']}, axis={axis})"
