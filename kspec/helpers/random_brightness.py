"""Make images brighter or darker at random."""

import jax.numpy as jnp

from kspec.helpers.uniform_each import uniform_each


def random_brightness_draw(key, count, factor, value_range):
    """What is added to each example, `factor` in parts of the range of values."""
    span = value_range[1] - value_range[0]
    return uniform_each(key, count, factor)[0] * span


def random_brightness_apply(x, delta, value_range):
    """Add a number to each image."""
    return jnp.clip(x + delta[:, None, None, None], *value_range)


def random_brightness(x, key, factor, value_range=(0, 255)):
    """Add a number of its own to each image."""
    delta = random_brightness_draw(key, x.shape[0], factor, value_range)
    return random_brightness_apply(x, delta, value_range)
