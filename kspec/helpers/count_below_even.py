"""Places among evenly spaced thresholds."""

import jax.numpy as jnp


def count_below_even(x, count, open_ends=False):
    """How many of `count` thresholds, evenly spaced from 0 to 1, each number exceeds.

    With `open_ends`, the first one is a little below 0, so that all numbers exceed it.
    """
    below = jnp.ceil(jnp.clip(x, 0, 1) * (count - 1)).astype(jnp.int32)
    return jnp.maximum(below, 1) if open_ends else below
