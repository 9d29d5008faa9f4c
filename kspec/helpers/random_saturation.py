"""Make colors of images stronger or weaker at random."""

import jax.numpy as jnp

from kspec.helpers.hsv_to_rgb import hsv_to_rgb
from kspec.helpers.rgb_to_hsv import rgb_to_hsv
from kspec.helpers.uniform_each import uniform_each


def random_saturation_draw(key, count, factor):
    """What the saturation of each example is multiplied by: f / (1 - f)."""
    (drawn,) = uniform_each(key, count, factor)
    return drawn / (1 - drawn + 1e-7)


def random_saturation_apply(x, factor, value_range):
    """Multiply the saturation of each image."""
    hue, saturation, value = rgb_to_hsv(x)
    saturation = jnp.clip(saturation * factor[:, None, None], *value_range)
    return hsv_to_rgb(hue, saturation, value)


def random_saturation(x, key, factor, value_range=(0, 255)):
    """Multiply the saturation of each image by a number of its own."""
    factor = random_saturation_draw(key, x.shape[0], factor)
    return random_saturation_apply(x, factor, value_range)
