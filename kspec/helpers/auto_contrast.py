"""Stretch images over the whole range of values."""

import jax.numpy as jnp

from kspec.helpers.change_range import change_range


def auto_contrast(x, value_range=(0, 255)):
    """Bring each channel's least value to the bottom, and its greatest to the top."""
    y = change_range(x, value_range, (0, 255))
    low = y.min((1, 2), keepdims=True)
    span = y.max((1, 2), keepdims=True) - low
    scale = 255 / jnp.where(span > 0, span, 1)
    y = change_range(jnp.clip(y * scale - low * scale, 0, 255), (0, 255), value_range)
    return jnp.where(span > 0, y, x)
