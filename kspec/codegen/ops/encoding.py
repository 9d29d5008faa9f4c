"""Numbers of categories as vectors: the JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.table import Writer, emits
from kspec.ir import Op


@emits("count_categories")
def _count_categories(op: Op, w: Writer, args: list[str]) -> str:
    given = [args[0], str(op.attrs["depth"])]
    if op.attrs["most"]:
        given.append(f"most={op.attrs['most']}")
    if len(args) > 1:
        given.append(f"weights={args[1]}")
    return f"{w.helper('count_categories')}({', '.join(given)})"
