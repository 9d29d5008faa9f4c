"""Changes of brightness, contrast and color, given what Keras drew."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from kspec.helpers.auto_contrast import auto_contrast
from kspec.helpers.random_brightness import random_brightness_apply
from kspec.helpers.random_color_degeneration import random_color_degeneration_apply
from kspec.helpers.random_contrast import random_contrast_apply
from kspec.helpers.random_grayscale import random_grayscale_apply
from kspec.helpers.random_hue import random_hue_apply
from kspec.helpers.random_invert import random_invert_apply
from kspec.helpers.random_posterization import random_posterization_apply
from kspec.helpers.random_saturation import random_saturation_apply
from kspec.helpers.random_sharpness import random_sharpness_apply
from kspec.helpers.solarization import solarization_apply
from tests.parity.augment import K, agree, images

RANGES = [(0, 255), (0, 1), (-1, 1)]


def batch(span: tuple[float, float], channels: int = 3) -> np.ndarray:
    """Images over a range of values, with black, white and gray pixels among them."""
    x = images(4, 7, 6, channels, high=1.0)
    x[0, 0], x[1, 0], x[2, 0] = 0, 1, 0.5
    if span == (0, 255):
        x = np.round(x * 255) / 255
    return (x * (span[1] - span[0]) + span[0]).astype(np.float32)


@pytest.mark.parametrize("span", RANGES)
@pytest.mark.parametrize(
    ("layer", "apply", "names"),
    [
        (K.RandomBrightness, random_brightness_apply, ["rgb_delta"]),
        (K.RandomContrast, random_contrast_apply, ["contrast_factor"]),
        (K.RandomColorDegeneration, random_color_degeneration_apply, ["factor"]),
        (K.RandomHue, random_hue_apply, ["factor"]),
        (K.RandomSharpness, random_sharpness_apply, ["factor"]),
        (K.RandomPosterization, random_posterization_apply, ["shift_factor"]),
    ],
)
def test_changes_by_a_factor(layer, apply, names, span):
    keras_layer = layer(6 if layer is K.RandomPosterization else 0.7, value_range=span, seed=3)
    x = batch(span)
    drawn = keras_layer.get_random_transformation(x)
    theirs = keras_layer.transform_images(jnp.asarray(x), drawn)
    ours = apply(x, *(jnp.ravel(drawn[name]) for name in names), span)
    agree(ours, theirs, span[1])


@pytest.mark.parametrize("factor", [0.5, (0.2, 0.8)])
def test_saturation(factor):
    layer = K.RandomSaturation(factor, seed=1)
    x = batch((0, 255))
    drawn = layer.get_random_transformation(x)
    agree(random_saturation_apply(x, drawn["factor"], (0, 255)), layer.transform_images(x, drawn))


@pytest.mark.parametrize("channels", [1, 3])
def test_grayscale(channels):
    x, chosen = batch((0, 255), channels), np.array([True, False, True, False])
    theirs = K.RandomGrayscale(0.5).transform_images(x, chosen[:, None, None, None])
    agree(random_grayscale_apply(x, chosen), theirs)


@pytest.mark.parametrize("span", RANGES)
def test_invert(span):
    x, chosen = batch(span), np.array([True, False, True, False])
    theirs = K.RandomInvert(value_range=span).transform_images(x, {"apply_inversion": chosen})
    agree(random_invert_apply(x, chosen, span), theirs, span[1])


@pytest.mark.parametrize("span", RANGES)
def test_solarization(span):
    layer = K.Solarization(0.4, 0.8, value_range=span, seed=2)
    x = batch(span)
    drawn = layer.get_random_transformation(x)
    given = (jnp.ravel(drawn["additions"]), jnp.ravel(drawn["thresholds"]))
    agree(solarization_apply(x, *given, span), layer.transform_images(x, drawn), span[1])


@pytest.mark.parametrize("span", RANGES)
def test_auto_contrast(span):
    x = batch(span) * 0.5
    x[3, ..., 1] = x[3, 0, 0, 1]  # a channel of one value stays
    agree(auto_contrast(x, span), K.AutoContrast(span).transform_images(x), span[1])
