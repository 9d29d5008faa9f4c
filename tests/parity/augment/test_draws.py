"""What is drawn: the support and moments of Keras' distributions, and each row of its own."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.helpers.aug_mix import aug_mix_draw
from kspec.helpers.cut_mix import cut_mix_draw
from kspec.helpers.mix_up import mix_up_draw
from kspec.helpers.random_affine import random_affine_draw
from kspec.helpers.random_brightness import random_brightness_draw
from kspec.helpers.random_contrast import random_contrast_draw
from kspec.helpers.random_crop import random_crop_draw
from kspec.helpers.random_elastic_transform import random_elastic_transform_draw
from kspec.helpers.random_erasing import random_erasing_draw
from kspec.helpers.random_flip import random_flip_draw
from kspec.helpers.random_gaussian_blur import random_gaussian_blur_draw
from kspec.helpers.random_grayscale import random_grayscale_draw
from kspec.helpers.random_hue import random_hue_draw
from kspec.helpers.random_invert import random_invert_draw
from kspec.helpers.random_perspective import random_perspective_draw
from kspec.helpers.random_posterization import random_posterization_draw
from kspec.helpers.random_rotation import random_rotation_draw
from kspec.helpers.random_saturation import random_saturation_draw
from kspec.helpers.random_shear import random_shear_draw
from kspec.helpers.random_translation import random_translation_draw
from kspec.helpers.random_zoom import random_zoom_draw
from kspec.helpers.solarization import solarization_draw

COUNT = 10_000
KEY = jax.random.key(7)
TURN = 2 * np.pi


def uniform(values: object, low: float, high: float) -> None:
    """Values have the support, mean and deviation of a uniform distribution."""
    x, span = np.asarray(values), high - low
    assert x.min() >= low - 1e-6 and x.max() <= high + 1e-6
    assert x.min() < low + 0.01 * span and x.max() > high - 0.01 * span
    assert abs(x.mean() - (low + high) / 2) < 0.02 * span
    assert abs(x.std() - span / 12**0.5) < 0.02 * span


def share(values: object, odds: float) -> None:
    """So many of the values are true."""
    assert abs(np.mean(np.asarray(values)) - odds) < 0.02


@pytest.mark.parametrize(
    ("drawn", "supports"),
    [
        (lambda: random_brightness_draw(KEY, COUNT, (-0.2, 0.1), (0, 255)), [(-51, 25.5)]),
        (lambda: random_contrast_draw(KEY, COUNT, (0.2, 0.7)), [(0.8, 1.7)]),
        (lambda: random_rotation_draw(KEY, COUNT, (-0.1, 0.2)), [(-0.1 * TURN, 0.2 * TURN)]),
        (
            lambda: random_translation_draw(KEY, COUNT, (0.0, 0.3), (-0.1, 0.1)),
            [(0, 0.3), (-0.1, 0.1)],
        ),
        (lambda: random_zoom_draw(KEY, COUNT, (-0.5, 0.1), (0.2, 0.4)), [(0.5, 1.1), (1.2, 1.4)]),
        (lambda: solarization_draw(KEY, COUNT, (0, 0.5), (0.5, 1)), [(0, 127.5), (0.5, 255)]),
        (lambda: random_hue_draw(KEY, COUNT, (0.0, 0.6)), [(-0.3, 0.3)]),
        (
            lambda: random_affine_draw(KEY, COUNT, 0.3, (0.1, 0.2), 0.4, (0.9, 1.2), "none")[:6],
            [(-0.3, 0.3), (-0.1, 0.1), (-0.2, 0.2), (-0.4, 0.4), (0.9, 1.2), (0.9, 1.2)],
        ),
    ],
)
def test_uniform_draws(drawn, supports):
    values = drawn()
    for each, support in zip(
        values if isinstance(values, tuple) else (values,), supports, strict=True
    ):
        assert each.shape == (COUNT,)
        uniform(each, *support)


def test_amounts_of_a_layer_do_not_depend_on_each_other():
    drawn = random_affine_draw(
        KEY, COUNT, 1.0, (1.0, 1.0), 1.0, (0.5, 1.5), "horizontal_and_vertical"
    )
    off = np.corrcoef(np.stack([np.asarray(each, np.float32) for each in drawn])) - np.eye(8)
    assert np.abs(off).max() < 0.04


def test_draws_are_those_of_each_row():
    """A row's draw is the same in a batch of another size."""
    many = random_affine_draw(KEY, 8, 1.0, (1.0, 1.0), 1.0, (0.5, 1.5), "vertical")
    few = random_affine_draw(KEY, 3, 1.0, (1.0, 1.0), 1.0, (0.5, 1.5), "vertical")
    for one, other in zip(many, few, strict=True):
        np.testing.assert_array_equal(one[:3], other)


def test_what_happens_to_some():
    share(random_flip_draw(KEY, COUNT), 0.5)
    share(random_grayscale_draw(KEY, COUNT, 0.3), 0.3)
    share(random_invert_draw(KEY, COUNT, (0.0, 1.0)), 0.5)
    share(random_invert_draw(KEY, COUNT, (0.8, 0.8)), 0.8)
    share(random_gaussian_blur_draw(KEY, COUNT, (0.2, 0.4), (0.0, 1.0))[0], 0.3)
    share(random_perspective_draw(KEY, COUNT, (0.0, 0.5), 1.0)[0], 0.25)
    share(random_erasing_draw(KEY, COUNT, (1.0, 1.0), (0.1, 0.2))[0], 1.0)
    affine = random_affine_draw(KEY, COUNT, 0.0, (0, 0), 0.0, (1, 1), "horizontal")
    share(affine[6], 0.0)
    share(affine[7], 0.5)


def test_draws_of_several_numbers():
    _, sigma = random_gaussian_blur_draw(KEY, COUNT, (0.0, 1.0), (0.3, 0.6))
    uniform(sigma, 0.3, 0.6)
    _, moves = random_perspective_draw(KEY, COUNT // 8, (0.0, 1.0), 0.5)
    uniform(moves, -0.25, 0.25)
    _, sizes, places = random_erasing_draw(KEY, COUNT, (0.0, 1.0), (0.1, 0.4))
    uniform(jnp.square(sizes), 0.1, 0.4)
    uniform(places, 0, 1)
    chosen, scale, noise = random_elastic_transform_draw(KEY, 400, (0, 1), (0.2, 0.5), (6, 5))
    assert chosen.shape == scale.shape == (400,) and noise.shape == (400, 2, 6, 5)
    uniform(scale, 0.2, 0.5)
    assert abs(float(noise.std()) - 1) < 0.05 and abs(float(noise.mean())) < 0.05


def test_shears_share_a_sign():
    across, down = random_shear_draw(KEY, COUNT, (0.1, 0.5), (0.2, 0.4))
    assert bool(jnp.all(across * down > 0))
    share(across > 0, 0.5)
    uniform(jnp.abs(across), 0.1, 0.5)
    uniform(jnp.abs(down), 0.2, 0.4)


def test_whole_numbers():
    lost = np.asarray(random_posterization_draw(KEY, COUNT, (2, 5)))
    assert set(lost) == {4, 5, 6}
    share(lost == 4, 1 / 3)
    assert set(np.asarray(random_posterization_draw(KEY, 50, (3, 3)))) == {5}
    top, left = random_crop_draw(KEY, COUNT, (3, 1))
    assert set(np.asarray(top)) == {0, 1, 2, 3} and set(np.asarray(left)) == {0, 1}
    share(top == 3, 0.25)


def test_saturation_is_drawn_on_both_sides_of_1():
    factor = random_saturation_draw(KEY, COUNT, (0.25, 0.75))
    uniform(factor / (1 + factor), 0.25, 0.75)


def beta(values: object, alpha: float) -> None:
    """The moments of Beta(alpha, alpha)."""
    x = np.asarray(values)
    assert x.min() >= 0 and x.max() <= 1
    assert abs(x.mean() - 0.5) < 0.02
    assert abs(x.var() - 1 / (4 * (2 * alpha + 1))) < 0.01


def test_weights_of_mixtures():
    mask = jnp.ones(5_000)
    beta(mix_up_draw(KEY, mask, 0.2)[1], 0.2)
    _, size, places = cut_mix_draw(KEY, mask, (0.5, 0.5))
    beta(1 - jnp.square(size), 0.5)
    uniform(places, 0, 1)
    kept, shares = aug_mix_draw(KEY, 5_000, 3, 1.0)
    beta(kept, 1.0)
    np.testing.assert_allclose(shares.sum(1), 1, rtol=1e-5)
    assert abs(float(shares[:, 0].mean()) - 1 / 3) < 0.02
    assert abs(float(shares[:, 0].var()) - 2 / 36) < 0.01
