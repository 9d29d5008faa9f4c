"""Crossentropy of probabilities against a distribution."""

import jax.numpy as jnp


def categorical_crossentropy(truth, probabilities, axis):
    """`-sum(truth * log(p))`; p is made to sum to 1, clipped to [1e-7, 1 - 1e-7]."""
    total = jnp.sum(probabilities, axis=axis, keepdims=True)
    clipped = jnp.clip(probabilities / total, 1e-7, 1 - 1e-7)
    return -jnp.sum(truth * jnp.log(clipped), axis=axis)
