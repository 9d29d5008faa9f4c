"""Hue, saturation and value of colors."""

import jax.numpy as jnp


def rgb_to_hsv(x):
    """Colors [..., 3] as hue from 0 to 1, saturation and value, each [...].

    Source: A. R. Smith, Color Gamut Transform Pairs, 1978.
    """
    red, green, blue = x[..., 0], x[..., 1], x[..., 2]
    value = jnp.maximum(jnp.maximum(red, green), blue)
    spread = value - jnp.minimum(jnp.minimum(red, green), blue)
    some = jnp.where(spread > 0, spread, 1)
    of_green, of_blue = (blue - red) / some + 2, (red - green) / some + 4
    hue = jnp.where(value == green, of_green, of_blue)
    hue = jnp.where(value == red, (green - blue) / some, hue) / 6
    hue = jnp.where(spread > 0, hue + (hue < 0), 0)
    return hue, jnp.where(value > 0, spread / jnp.where(value > 0, value, 1), 0), value
