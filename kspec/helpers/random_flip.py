"""Mirror images at random."""

import jax.numpy as jnp

from kspec.helpers.uniform_each import uniform_each


def random_flip_draw(key, count):
    """Whether to flip each example: one in two."""
    return uniform_each(key, count, (0, 1))[0] <= 0.5


def random_flip_apply(x, flips, mode):
    """Turn the columns, the rows, or both of the examples that are to be flipped."""
    axes = {"horizontal": (2,), "vertical": (1,)}.get(mode, (1, 2))
    return jnp.where(flips[:, None, None, None], jnp.flip(x, axes), x)


def random_flip(x, key, mode):
    """Mirror one example in two; `mode` says along which axes."""
    return random_flip_apply(x, random_flip_draw(key, x.shape[0]), mode)
