"""Stretch the contrast of images at random."""

import jax.numpy as jnp

from kspec.helpers.uniform_each import uniform_each


def random_contrast_draw(key, count, factor):
    """The contrast of each example, 1 as it is."""
    return uniform_each(key, count, (1 - factor[0], 1 + factor[1]))[0]


def random_contrast_apply(x, contrast, value_range):
    """Stretch each channel about its mean."""
    mean = x.mean((1, 2), keepdims=True)
    return jnp.clip((x - mean) * contrast[:, None, None, None] + mean, *value_range)


def random_contrast(x, key, factor, value_range=(0, 255)):
    """Stretch each image by an amount of its own."""
    contrast = random_contrast_draw(key, x.shape[0], factor)
    return random_contrast_apply(x, contrast, value_range)
