"""Ops on the axes between batch and channels. The JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.table import Writer, emits, emits_helper, literal
from kspec.ir import Op

emits_helper("conv_transpose", "strides", "padding", "dilation", dilation=1)
emits_helper("adaptive_max_pool", "axis", "places")
emits_helper("adaptive_avg_pool", "axis", "places")


@emits("resize")
def _resize(op: Op, w: Writer, args: list[str]) -> str:
    shape = [w.dim(axis) if isinstance(axis, str) else str(axis) for axis in op.result.type.shape]
    size = f"({', '.join(shape)})"
    smooth = op.attrs["method"] != "nearest"
    antialias = f", antialias={op.attrs['antialias']}" if smooth else ""
    return f"jax.image.resize({args[0]}, {size}, {literal(op.attrs['method'])}{antialias})"
