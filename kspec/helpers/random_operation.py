"""One of several operations on a batch of images."""

import jax
import jax.numpy as jnp

from kspec.helpers.auto_contrast import auto_contrast
from kspec.helpers.equalization import equalization
from kspec.helpers.random_brightness import (
    random_brightness_apply,
    random_brightness_draw,
)
from kspec.helpers.random_color_degeneration import (
    random_color_degeneration_apply,
    random_color_degeneration_draw,
)
from kspec.helpers.random_contrast import random_contrast_apply, random_contrast_draw
from kspec.helpers.random_posterization import (
    random_posterization_apply,
    random_posterization_draw,
)
from kspec.helpers.random_rotation import random_rotation_draw, random_rotation_matrix
from kspec.helpers.random_sharpness import (
    random_sharpness_apply,
    random_sharpness_draw,
)
from kspec.helpers.random_shear import random_shear_draw, random_shear_matrix
from kspec.helpers.random_translation import (
    random_translation_draw,
    random_translation_matrix,
)
from kspec.helpers.solarization import solarization_apply, solarization_draw
from kspec.helpers.warp_affine import warp_affine


def random_warps(key, count, size, factor):
    """The affine maps of a shear, a translation and a rotation, [3, count, 2, 3]."""
    shear = random_shear_draw(key, count, factor, factor)
    shift = random_translation_draw(key, count, factor, factor)
    angle = random_rotation_draw(key, count, factor)
    matrices = (
        random_shear_matrix(*shear),
        random_translation_matrix(size, *shift),
        random_rotation_matrix(size, angle),
    )
    return jnp.stack(matrices)


def random_operation(x, key, choices, factor, value_range, interpolation):
    """Apply one of the operations choices[0] to below choices[1], chosen for the batch.

    0 is none; 1 to 7 move pixels or the histogram; 8 to 11 change contrast or color.
    """
    choice_key, key = jax.random.split(key)
    low, high = choices
    choice = low + jax.random.randint(choice_key, (), 0, high - low)
    # All draw from one key and before the choice, and the first three share one warp:
    # what stands in each branch would be compiled as often as there are branches.
    given, span = (key, x.shape[0]), value_range
    warp = random_warps(*given, x.shape[1:3], factor)[jnp.clip(choice - 1, 0, 2)]
    lost = random_posterization_draw(*given, (1, max(1, int(8 * factor[1]))))
    sun = solarization_draw(*given, factor, factor)
    delta = random_brightness_draw(*given, factor, span)
    gray = random_color_degeneration_draw(*given, factor)
    contrast = random_contrast_draw(*given, factor)
    sharpness = random_sharpness_draw(*given, factor)
    operations = [
        lambda x: x,
        lambda x: warp_affine(x, warp, interpolation, "reflect", 0.0),
        lambda x: random_posterization_apply(x, lost, span),
        lambda x: solarization_apply(x, *sun, span),
        lambda x: auto_contrast(x, span),
        lambda x: equalization(x, span),
        lambda x: random_brightness_apply(x, delta, span),
        lambda x: random_color_degeneration_apply(x, gray, span),
        lambda x: random_contrast_apply(x, contrast, span),
        lambda x: random_sharpness_apply(x, sharpness, span),
    ]
    # Three choices less than three apart are one branch.
    first, last = min(low, 1), max(high - 3, 1)
    branch = jnp.clip(choice, 0, 1) + jnp.clip(choice - 3, 0)
    return jax.lax.switch(branch - first, operations[first : last + 1], x)
