"""Resized images are those of Keras' own loader of folders, but for rounding to whole numbers.

Keras' `image_dataset_from_directory` needs TensorFlow or Grain to make a data set; the function
that it loads one image with needs neither, and is called here.
"""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from kspec.data.folders import FoundFile
from kspec.data.images import CHANNELS, Look, decode
from kspec.data.resampling import fit, resize
from tests.data.conftest import picture
from tests.parity.harness import keras  # sets its backend

from keras.src.utils.image_dataset_utils import _load_image_grain  # isort: skip

assert keras.backend.backend() == "jax"
SIZES = [(6, 7), (13, 17), (24, 30), (5, 40), (1, 1)]


def both(path, look: Look) -> tuple[np.ndarray, np.ndarray]:
    """An image as kspec has it, and as Keras has it."""
    (ours,) = decode((FoundFile(path, path.name),), look)
    theirs = _load_image_grain(
        str(path),
        look.size,
        CHANNELS[look.color_mode],
        look.interpolation,
        "channels_last",
        crop_to_aspect_ratio=look.crop,
        pad_to_aspect_ratio=look.pad,
    )
    return ours, np.asarray(theirs)


def same_but_rounded(ours: np.ndarray, theirs: np.ndarray) -> None:
    assert ours.dtype == np.uint8
    np.testing.assert_allclose(ours, np.clip(theirs, 0, 255), rtol=0, atol=0.501)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kernel", ["bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"])
def test_images_are_resized_as_keras_does(tmp_path, size, kernel):
    picture(1).save(tmp_path / "a.png")
    same_but_rounded(*both(tmp_path / "a.png", Look(size, interpolation=kernel)))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("way", ["crop", "pad"])
@pytest.mark.parametrize("shape", [(13, 17), (40, 9), (9, 40)])
def test_proportions_are_kept_as_keras_does(tmp_path, size, way, shape):
    picture(2, *shape).save(tmp_path / "a.png")
    same_but_rounded(*both(tmp_path / "a.png", Look(size, **{way: True})))


@pytest.mark.parametrize("mode", CHANNELS)
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.bmp", "gray.png", "alpha.png", "p.png"])
def test_channels_are_those_of_keras(tmp_path, mode, name):
    channels = {"gray.png": 1, "alpha.png": 4}.get(name, 3)
    image = picture(3, channels=channels)
    (image.quantize(16) if name == "p.png" else image).save(tmp_path / name)
    same_but_rounded(*both(tmp_path / name, Look((10, 10), color_mode=mode)))


@pytest.mark.parametrize(
    ("kernel", "image", "size", "expected"),
    [
        # Means over the part that a new pixel covers: TensorFlow's documentation of `area`.
        ("area", [[0, 10, 20, 30]], (1, 2), [[5, 25]]),
        ("area", [[0, 90, 60]], (1, 2), [[30, 70]]),
        ("area", [[8, 200]], (2, 4), [[8, 8, 200, 200]] * 2),
        # exp(-2 x^2) at distances of 0.5 and 1, by hand.
        ("gaussian", [[0, 100]], (1, 1), [[50]]),
        ("gaussian", [[0, 100, 0]], (1, 1), [[100 / (1 + 2 * np.exp(-2))]]),
        # Mitchell and Netravali: 8/9 at the center and 1/18 beside it.
        ("mitchellcubic", [[0, 90, 0]], (1, 1), [[80]]),
        ("mitchellcubic", [[180, 0, 0, 0, 180]], (1, 1), [[0]]),
    ],
)
def test_kernels_that_keras_has_with_tensorflow_alone(kernel, image, size, expected):
    given = resize(np.array(image, np.uint8)[..., None], size, kernel)[..., 0]
    np.testing.assert_array_equal(given, np.rint(expected))


def test_sixteen_bits_become_eight(tmp_path):
    deep = np.array([[0, 255, 256, 40_000], [65_535, 1, 2, 3]], np.uint16)
    Image.fromarray(deep).save(tmp_path / "a.png")
    look = Look((2, 4), color_mode="grayscale")
    (given,) = decode((FoundFile(tmp_path / "a.png", "a.png"),), look)
    np.testing.assert_array_equal(given[..., 0], deep >> 8)


def test_an_image_of_one_pixel_has_any_proportions():
    image = np.full((1, 1, 3), 9, np.uint8)
    assert fit(image, (5, 1), crop=True, pad=False).shape == (1, 1, 3)
    assert fit(image, (5, 1), crop=False, pad=True).shape == (5, 1, 3)
    assert (resize(image, (4, 3), "bicubic") == 9).all()
