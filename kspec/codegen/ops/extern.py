"""A function of a Python file, which is called example by example: `jax.vmap(swish)(x)`."""

from __future__ import annotations

from kspec.codegen.ops.table import Writer, emits
from kspec.ir import Op
from kspec.ir.extern import batch_of


@emits("extern")
def _extern(op: Op, w: Writer, args: list[str]) -> str:
    name = w.extern(str(op.attrs["path"]), str(op.attrs["function"]))
    batched = [batch_of(value.type) is not None for value in op.args]
    call = f"({', '.join(args)})"
    if not any(batched):
        return name + call
    axes = ", ".join("0" if each else "None" for each in batched)
    return f"jax.vmap({name}{'' if all(batched) else f', in_axes=({axes})'}){call}"
