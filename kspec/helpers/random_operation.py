"""One of several operations on a batch of images."""

import jax

from kspec.helpers.auto_contrast import auto_contrast
from kspec.helpers.equalization import equalization
from kspec.helpers.random_brightness import random_brightness
from kspec.helpers.random_color_degeneration import random_color_degeneration
from kspec.helpers.random_contrast import random_contrast
from kspec.helpers.random_posterization import random_posterization
from kspec.helpers.random_rotation import random_rotation
from kspec.helpers.random_sharpness import random_sharpness
from kspec.helpers.random_shear import random_shear
from kspec.helpers.random_translation import random_translation
from kspec.helpers.solarization import solarization


def random_operation(x, key, choices, factor, value_range, interpolation):
    """Apply one of the operations choices[0] to below choices[1], chosen for the batch.

    0 is none; 1 to 7 move pixels or the histogram; 8 to 11 change contrast or color.
    """
    choice_key, key = jax.random.split(key)
    bits = (1, max(1, int(8 * factor[1])))
    how, span = {"interpolation": interpolation}, value_range
    operations = [
        lambda x: x,
        lambda x: random_shear(x, key, factor, factor, **how),
        lambda x: random_translation(x, key, factor, factor, **how),
        lambda x: random_rotation(x, key, factor, **how),
        lambda x: random_posterization(x, key, bits, span),
        lambda x: solarization(x, key, factor, factor, span),
        lambda x: auto_contrast(x, span),
        lambda x: equalization(x, span),
        lambda x: random_brightness(x, key, factor, span),
        lambda x: random_color_degeneration(x, key, factor, span),
        lambda x: random_contrast(x, key, factor, span),
        lambda x: random_sharpness(x, key, factor, span),
    ]
    low, high = choices
    choice = jax.random.randint(choice_key, (), 0, high - low)
    return jax.lax.switch(choice, operations[low:high], x)
