"""Turn the hues of images at random."""

import jax.numpy as jnp

from kspec.helpers.change_range import change_range
from kspec.helpers.hsv_to_rgb import hsv_to_rgb
from kspec.helpers.rgb_to_hsv import rgb_to_hsv
from kspec.helpers.uniform_each import uniform_each


def random_hue_draw(key, count, factor):
    """How far the hues of each example turn, in parts of the circle."""
    turn, chance = uniform_each(key, count, factor, (0, 1))
    return jnp.where(chance > 0.5, -0.5, 0.5) * turn


def random_hue_apply(x, turn, value_range):
    """Turn the hues of each image."""
    hue, saturation, value = rgb_to_hsv(change_range(x, value_range, (0, 1)))
    y = hsv_to_rgb(hue + turn[:, None, None], saturation, value)
    return change_range(jnp.clip(y, 0, 1), (0, 1), value_range)


def random_hue(x, key, factor, value_range=(0, 255)):
    """Turn the hues of each image by an amount of its own."""
    return random_hue_apply(x, random_hue_draw(key, x.shape[0], factor), value_range)
