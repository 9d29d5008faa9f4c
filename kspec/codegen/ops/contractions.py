"""Sums of products over named axes, and cross products. The JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.table import Writer, emits, emits_functions, literal
from kspec.ir import Op

emits_functions(cross="jnp.cross")


@emits("einsum")
def _einsum(op: Op, w: Writer, args: list[str]) -> str:
    return f"jnp.einsum({literal(op.attrs['equation'])}, {', '.join(args)})"
