"""Take color out of images at random."""

import jax.numpy as jnp

from kspec.helpers.grayscale import grayscale
from kspec.helpers.uniform_each import uniform_each


def random_color_degeneration_draw(key, count, factor):
    """How gray each example becomes, 1 for all gray."""
    return uniform_each(key, count, factor)[0]


def random_color_degeneration_apply(x, factor, value_range):
    """Blend each image with its gray."""
    y = x + factor[:, None, None, None] * (grayscale(x) - x)
    return jnp.clip(y, *value_range)


def random_color_degeneration(x, key, factor, value_range=(0, 255)):
    """Blend each image with its gray by an amount of its own."""
    factor = random_color_degeneration_draw(key, x.shape[0], factor)
    return random_color_degeneration_apply(x, factor, value_range)
