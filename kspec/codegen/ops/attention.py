"""Attention. The JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.table import Writer, emits, literal
from kspec.ir import Op


@emits("dot_product_attention", "attention_native")
def _dot_product_attention(op: Op, w: Writer, args: list[str]) -> str:
    given = [*args[:3], *(f"mask={mask}" for mask in args[3:])]
    given.append(f"scale={literal(op.attrs['scale'])}")
    if op.attrs["causal"]:
        given.append("is_causal=True")
    native = op.name == "attention_native"
    function = w.helper(op.name) if native else "jax.nn.dot_product_attention"
    return f"{function}({', '.join(given)})"
