"""Reductions beside sums and means. The JAX expressions."""

from __future__ import annotations

from typing import cast

from kspec.codegen.ops.reductions import reduce
from kspec.codegen.ops.table import EMITTERS, Writer, emits, emits_calls, literal
from kspec.ir import Op

REDUCTIONS = "prod ptp median nanmedian nanmean nanvar nanstd nansum nanprod nanmax nanmin"

EMITTERS.update(dict.fromkeys(REDUCTIONS.split(), reduce))
emits_calls("axis", argmin="jnp.argmin", nanargmax="jnp.nanargmax", nanargmin="jnp.nanargmin")
emits_calls("axis", cumsum="jnp.cumsum", cumprod="jnp.cumprod")
emits_calls("axis", nancumsum="jnp.nancumsum", nancumprod="jnp.nancumprod")


@emits("quantile", "nanquantile")
def _quantile(op: Op, w: Writer, args: list[str]) -> str:
    axes = cast("tuple[int, ...]", op.attrs["axis"])
    parts = [args[0], literal(op.attrs["q"]), f"axis={axes[0] if len(axes) == 1 else axes}"]
    if op.attrs["method"] != "linear":
        parts.append(f"method={literal(op.attrs['method'])}")
    if op.attrs["keepdims"]:
        parts.append("keepdims=True")
    return f"jnp.{op.name}({', '.join(parts)})"
