"""Vectors of length 1."""

import jax
import jax.numpy as jnp


def unit_normalize(x, axis=-1, epsilon=1e-12):
    """`x / max(norm(x), epsilon)`, the norm along `axis`; zeros stay zeros."""
    square = jnp.sum(jnp.square(x), axis=axis, keepdims=True)
    return x * jax.lax.rsqrt(jnp.maximum(square, epsilon**2))
