"""Losses of a whole batch, in which its examples mix. The JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.table import Writer, emits, emits_helper
from kspec.ir import Op

emits_helper("dice", "axis")
emits_helper("tversky", "axis", "alpha", "beta")
emits_helper("circle", "gamma", "margin", "remove_diagonal")
emits_helper("signed_labels")
emits_helper("scale_to_kept")


@emits("spread_over_rows")
def _spread_over_rows(op: Op, w: Writer, args: list[str]) -> str:
    return f"jnp.broadcast_to({args[0]}, {args[1]}.shape)"
