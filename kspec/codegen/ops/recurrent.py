"""Recurrent layers over all steps at once: calls of the kernels."""

from __future__ import annotations

from kspec.codegen.ops.table import Writer, emits
from kspec.ir import RECURRENT, Op


@emits(*RECURRENT)
def _recurrent(op: Op, w: Writer, args: list[str]) -> str:
    """`lstm(x, kernel, recurrent_kernel, bias, initial_state=(h, c), mask=mask)`."""
    given, rest = args[:3], args[3:]
    if op.attrs["bias"]:
        given.append(rest.pop(0))
    mask = rest.pop() if op.attrs["mask"] else None
    if rest:
        states = ", ".join(rest)
        given.append(f"initial_state=({states})" if len(rest) > 1 else f"initial_state={states}")
    if mask is not None:
        given.append(f"mask={mask}")
    if op.attrs["reverse"]:
        given.append("reverse=True")
    return f"{w.helper(op.name)}({', '.join(given)})"
