"""Make negatives of some images."""

import jax.numpy as jnp

from kspec.helpers.uniform_each import uniform_each


def random_invert_draw(key, count, factor):
    """Which examples to invert: each has odds of its own."""
    odds, chance = uniform_each(key, count, factor, (0, 1))
    return chance < odds


def random_invert_apply(x, chosen, value_range):
    """Take the chosen images from the top of the range of values."""
    return jnp.where(chosen[:, None, None, None], value_range[1] - x, x)


def random_invert(x, key, factor=(0.0, 1.0), value_range=(0, 255)):
    """Make negatives of some images."""
    chosen = random_invert_draw(key, x.shape[0], factor)
    return random_invert_apply(x, chosen, value_range)
