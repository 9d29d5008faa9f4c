"""Invert the bright parts of images."""

import jax.numpy as jnp

from kspec.helpers.change_range import change_range
from kspec.helpers.uniform_each import uniform_each


def solarization_draw(key, count, addition_factor, threshold_factor):
    """What is added to each example, and from where on it is inverted."""
    (low, high), (least, most) = addition_factor, threshold_factor
    return tuple(uniform_each(key, count, (low, high * 255), (least, most * 255)))


def solarization_apply(x, addition, threshold, value_range):
    """Add to each image, then invert what is not below the threshold, from 0 to 255."""
    y = change_range(x, value_range, (0, 255)) + addition[:, None, None, None]
    y = jnp.clip(y, 0, 255)
    y = jnp.where(y < threshold[:, None, None, None], y, 255 - y)
    return change_range(y, (0, 255), value_range)


def solarization(
    x, key, addition_factor=(0, 0), threshold_factor=(0, 0), value_range=(0, 255)
):
    """Invert the bright parts of each image from a threshold of its own on."""
    count = x.shape[0]
    drawn = solarization_draw(key, count, addition_factor, threshold_factor)
    return solarization_apply(x, *drawn, value_range)
