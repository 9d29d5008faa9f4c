"""Logic, element by element. The JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.reductions import reduce
from kspec.codegen.ops.table import EMITTERS, Writer, emits, emits_functions
from kspec.ir import Op

emits_functions(
    logical_not="jnp.logical_not",
    logical_and="jnp.logical_and",
    logical_or="jnp.logical_or",
    logical_xor="jnp.logical_xor",
)
EMITTERS.update(dict.fromkeys(("any", "all"), reduce))


@emits("ones_mask")
def _ones_mask(op: Op, w: Writer, args: list[str]) -> str:
    return f"jnp.ones({args[0]}.shape[:2], bool)"


@emits("length_mask")
def _length_mask(op: Op, w: Writer, args: list[str]) -> str:
    return f"jnp.arange({args[0]}.shape[1]) < {args[1]}[:, None]"
