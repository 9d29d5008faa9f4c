"""Equations whose matrix is a triangle."""

import jax
import jax.numpy as jnp


def solve_triangular(a, b, lower=False):
    """Solve a x = b for x; only one triangle of a is read. a: [..., n, n]."""
    axes = jnp.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a = jnp.broadcast_to(a, (*axes, *a.shape[-2:]))
    b = jnp.broadcast_to(b, (*axes, *b.shape[-2:]))
    return jax.lax.linalg.triangular_solve(a, b, left_side=True, lower=lower)
