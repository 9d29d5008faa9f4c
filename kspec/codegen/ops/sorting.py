"""Order and lookup. The JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.table import Writer, emits, emits_calls
from kspec.ir import Op

emits_calls("axis", sort="jnp.sort", argsort="jnp.argsort", take_along_axis="jnp.take_along_axis")
emits_calls("axis", gather="jnp.take")


@emits("searchsorted")
def _searchsorted(op: Op, w: Writer, args: list[str]) -> str:
    side = ', side="right"' if op.attrs["side"] == "right" else ""
    return f"jnp.searchsorted({args[0]}, {args[1]}{side})"
