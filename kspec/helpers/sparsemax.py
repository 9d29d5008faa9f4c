"""Sparsemax as Keras computes it."""

import jax.numpy as jnp


def sparsemax(x, axis):
    """What lies above a threshold keeps its distance to it, the rest is 0.

    The threshold is taken from the running sums of the elements that are kept, added
    up as in Keras 3.15: where several are kept, the result sums to less than 1.
    """
    falling = -jnp.sort(-x, axis=axis)
    running = jnp.cumsum(falling, axis=axis)
    shape = [-1 if i == axis else 1 for i in range(x.ndim)]
    count = jnp.arange(1, x.shape[axis] + 1).reshape(shape)
    kept = falling - (running - 1) / count > 0
    size = jnp.sum(kept, axis=axis, keepdims=True)
    total = jnp.sum(jnp.where(kept, running, 0.0), axis=axis, keepdims=True)
    return jnp.maximum(x - (total - 1) / size, 0.0)
