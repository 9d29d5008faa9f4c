"""Change the brightness, contrast, saturation and hue of images at random."""

import jax

from kspec.helpers.random_brightness import random_brightness
from kspec.helpers.random_contrast import random_contrast
from kspec.helpers.random_hue import random_hue
from kspec.helpers.random_saturation import random_saturation


def random_color_jitter(
    x,
    key,
    value_range=(0, 255),
    brightness_factor=None,
    contrast_factor=None,
    saturation_factor=None,
    hue_factor=None,
):
    """One after the other, for each factor that is given."""
    keys = jax.random.split(key, 4)
    if brightness_factor is not None:
        x = random_brightness(x, keys[0], brightness_factor, value_range)
    if contrast_factor is not None:
        x = random_contrast(x, keys[1], contrast_factor, value_range)
    if saturation_factor is not None:
        x = random_saturation(x, keys[2], saturation_factor, value_range)
    if hue_factor is not None:
        x = random_hue(x, keys[3], hue_factor, value_range)
    return x
