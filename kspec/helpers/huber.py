"""Huber's loss of an error."""

import jax.numpy as jnp


def huber(error, delta):
    """`error**2 / 2` up to `delta`, and `delta * (abs(error) - delta / 2)` beyond."""
    size = jnp.abs(error)
    beyond = delta * size - 0.5 * delta**2
    return jnp.where(size <= delta, 0.5 * jnp.square(error), beyond)
