"""Counting. The JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.table import Writer, emits, emits_helper, jax_dtype, literal
from kspec.ir import Op

emits_helper("class_counts", "threshold", threshold=None)
emits_helper("count_below_even", "count", "open_ends", open_ends=False)
emits_helper("binary_histograms", "bins", "by_label", by_label=False)
emits_helper("confusion_counts")
emits_helper("confusion_matrix", "classes", "ignore", ignore=None)
emits_helper("in_top_k", "k")
emits_helper("keep_top_k", "k")
emits_helper("signs_of_bits")


@emits("vector")
def _vector(op: Op, w: Writer, args: list[str]) -> str:
    values = literal(op.attrs["values"])
    dtype = op.attrs["dtype"]
    return f"jnp.array({values}, {jax_dtype(dtype)})"


@emits("count_below")
def _count_below(op: Op, w: Writer, args: list[str]) -> str:
    thresholds = literal(op.attrs["thresholds"])
    return f"jnp.sum({args[0]}[..., None] > jnp.array({thresholds}), axis=-1)"
