"""Sharpen or soften images at random."""

import jax.numpy as jnp

from kspec.helpers.uniform_each import uniform_each


def random_sharpness_draw(key, count, factor):
    """The sharpness of each example: 0 soft, 0.5 as it is, 1 sharp."""
    return uniform_each(key, count, factor)[0]


def random_sharpness_apply(x, factor, value_range):
    """Move each image from its smoothed one, which is darker at the rim."""
    height, width = x.shape[1:3]
    padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    rows = sum(padded[:, i : i + height] for i in range(3))
    total = sum(rows[:, :, i : i + width] for i in range(3))
    smooth = (total + 4 * x) / 13
    y = x + (1 - 2 * factor[:, None, None, None]) * (smooth - x)
    return jnp.clip(y, *value_range)


def random_sharpness(x, key, factor, value_range=(0, 255)):
    """Sharpen or soften each image by an amount of its own."""
    factor = random_sharpness_draw(key, x.shape[0], factor)
    return random_sharpness_apply(x, factor, value_range)
