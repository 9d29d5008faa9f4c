"""Draws for each example of a batch."""

import jax
import jax.numpy as jnp


def uniform_each(key, count, *ranges):
    """Draw from [low, high) of each range for each of `count` examples.

    The result is [len(ranges), count]. Each example has a key of its own, so that its
    draws are the same in any batch.
    """

    def draw(key):
        return jax.random.uniform(key, (len(ranges),))

    low, high = jnp.array(ranges, jnp.float32).T
    return (low + (high - low) * jax.vmap(draw)(jax.random.split(key, count))).T
