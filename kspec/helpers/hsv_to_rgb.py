"""Colors of hue, saturation and value."""

import jax.numpy as jnp


def hsv_to_rgb(hue, saturation, value):
    """Colors [..., 3]; hues are taken modulo 1.

    Source: A. R. Smith, Color Gamut Transform Pairs, 1978.
    """
    place = jnp.mod(hue, 1) * 6
    red = jnp.clip(jnp.abs(place - 3) - 1, 0, 1)
    green = jnp.clip(2 - jnp.abs(place - 2), 0, 1)
    blue = jnp.clip(2 - jnp.abs(place - 4), 0, 1)
    pure = jnp.stack([red, green, blue], axis=-1)
    return value[..., None] * (1 - saturation[..., None] * (1 - pure))
