"""Draws for each example of a batch."""

import jax


def uniform_each(key, count, low, high, shape=()):
    """Draw from [low, high) for each of `count` examples, [count, *shape].

    Each example has a key of its own, so that its draw is the same in any batch.
    """

    def draw(key):
        return jax.random.uniform(key, shape, minval=low, maxval=high)

    return jax.vmap(draw)(jax.random.split(key, count))
