"""Chance. The JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.table import Writer, emits, emits_helper
from kspec.ir import Op

emits_helper("dropout_with_key", "rate")
emits_helper("shared_dropout", "rate", "axes")
emits_helper("alpha_dropout", "rate", "axes", axes=())


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


@emits("normal_like")
def _normal_like(op: Op, w: Writer, args: list[str]) -> str:
    x, key = args
    return f"jax.random.normal({key}, {x}.shape, {x}.dtype)"
