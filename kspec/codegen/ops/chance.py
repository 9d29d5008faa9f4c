"""Chance. The JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.table import Writer, emits, emits_helper
from kspec.ir import Op

emits_helper("dropout_with_key", "rate")


@emits("iota")
def _iota(op: Op, w: Writer, args: list[str]) -> str:
    size = op.attrs["size"]
    return f"jnp.arange({w.dim(size) if isinstance(size, str) else size})"


@emits("fold_in_number")
def _fold_in_number(op: Op, w: Writer, args: list[str]) -> str:
    return f"jax.random.fold_in({args[0]}, {args[1]})"


@emits("fold_in")
def _fold_in(op: Op, w: Writer, args: list[str]) -> str:
    return f"jax.random.fold_in({args[0]}, {op.attrs['data']})"
