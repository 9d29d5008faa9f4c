"""Rectangles, blurs and bends, given what Keras drew."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.helpers.random_elastic_transform import random_elastic_transform_apply
from kspec.helpers.random_erasing import random_erasing_apply
from kspec.helpers.random_gaussian_blur import random_gaussian_blur_apply
from tests.parity.augment import K, agree, images

X = images(4, 9, 12, 3)


def test_erasing():
    layer = K.RandomErasing(1.0, (0.1, 0.4), fill_value=20, seed=1)
    sizes = np.sqrt(np.random.default_rng(0).uniform(0.1, 0.4, (4, 2))).astype(np.float32)
    places = np.random.default_rng(1).random((4, 2)).astype(np.float32)
    chosen = np.array([True, True, False, True])
    length = sizes * np.array([12, 9], np.float32)
    low = places * (np.array([12, 9], np.float32) - length)
    corners = (low[:, 0], low[:, 0] + length[:, 0], low[:, 1], low[:, 1] + length[:, 1])
    drawn = {
        "apply_erasing": chosen,
        "batch_masks": layer._generate_batch_mask(X.shape, corners),
        "fill_value": layer._get_fill_value(X, X.shape, 1),
    }
    ours = random_erasing_apply(X, chosen, sizes, places, 20.0, (0, 255))
    agree(ours, layer.transform_images(X, drawn))


@pytest.mark.parametrize("kernel", [(3, 3), (5, 3), (1, 7)])
def test_blur(kernel):
    chosen, sigma = np.array([True, False, True, True]), np.array([0.9, 0.4], np.float32)
    drawn = {"should_apply_blur": chosen, "blur_factor": sigma}
    theirs = K.RandomGaussianBlur(kernel_size=kernel).transform_images(X, drawn)
    given = np.tile(sigma, (4, 1))
    agree(random_gaussian_blur_apply(X, chosen, given, kernel, (0, 255)), theirs)


@pytest.mark.parametrize("fill", ["constant", "mirror"])
def test_elastic_transform(fill):
    """Keras draws both directions from one seed; here each has noise of its own."""
    x, chosen, scale = images(3, 24, 20, 2), np.array([True, False, True]), 0.9
    layer = K.RandomElasticTransform(fill_mode=fill, fill_value=9.0)
    drawn = {"apply_transform": chosen, "distortion_factor": scale, "seed": 5}
    noise = jax.random.normal(jnp.array([5, 0], jnp.uint32), (3, 24, 20))
    theirs = layer._transform_images(x, drawn, "bilinear")
    given = (chosen, np.full(3, scale, np.float32), jnp.stack([noise, noise], axis=1))
    ours = random_elastic_transform_apply(x, *given, "bilinear", fill, 9.0, (0, 255))
    agree(ours, theirs)
