"""Logic, element by element. The JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.reductions import reduce
from kspec.codegen.ops.table import EMITTERS, emits_functions

emits_functions(
    logical_not="jnp.logical_not",
    logical_and="jnp.logical_and",
    logical_or="jnp.logical_or",
    logical_xor="jnp.logical_xor",
)
EMITTERS.update(dict.fromkeys(("any", "all"), reduce))
