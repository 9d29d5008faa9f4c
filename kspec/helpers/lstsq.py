"""Least squares."""

import jax
import jax.numpy as jnp


def lstsq(a, b, rcond=None):
    """The smallest x that brings a x nearest to b. a: [..., m, n], b: [..., m, k]."""
    axes = jnp.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a = jnp.broadcast_to(a, (*axes, *a.shape[-2:])).reshape(-1, *a.shape[-2:])
    b = jnp.broadcast_to(b, (*axes, *b.shape[-2:])).reshape(-1, *b.shape[-2:])
    x = jax.vmap(lambda a, b: jnp.linalg.lstsq(a, b, rcond=rcond)[0])(a, b)
    return x.reshape(*axes, *x.shape[1:])
