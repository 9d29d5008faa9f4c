"""Sums of products over named axes. The JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.table import Writer, emits, literal
from kspec.ir import Op


@emits("einsum")
def _einsum(op: Op, w: Writer, args: list[str]) -> str:
    return f"jnp.einsum({literal(op.attrs['equation'])}, {', '.join(args)})"
