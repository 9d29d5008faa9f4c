"""Angles and hyperbolic functions, element by element. The JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.table import emits_functions

emits_functions(
    tan="jnp.tan",
    arcsin="jnp.arcsin",
    arccos="jnp.arccos",
    arctan="jnp.arctan",
    arctan2="jnp.arctan2",
    hypot="jnp.hypot",
    deg2rad="jnp.deg2rad",
    rad2deg="jnp.rad2deg",
    sinc="jnp.sinc",
    sinh="jnp.sinh",
    cosh="jnp.cosh",
    arcsinh="jnp.arcsinh",
    arccosh="jnp.arccosh",
    arctanh="jnp.arctanh",
)
