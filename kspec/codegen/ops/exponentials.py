"""Powers, logarithms and special functions, element by element. The JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.table import emits_functions

emits_functions(
    exp2="jnp.exp2",
    log2="jnp.log2",
    log10="jnp.log10",
    cbrt="jnp.cbrt",
    reciprocal="jnp.reciprocal",
    erfc="jax.lax.erfc",
    erfinv="jax.lax.erf_inv",
    i0="jnp.i0",
    logaddexp="jnp.logaddexp",
    logaddexp2="jnp.logaddexp2",
)
