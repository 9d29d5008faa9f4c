"""Changes of where things are, given what Keras drew."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.helpers.middle_crop import middle_crop
from kspec.helpers.random_affine import random_affine_apply
from kspec.helpers.random_crop import random_crop_apply
from kspec.helpers.random_flip import random_flip_apply
from kspec.helpers.random_perspective import random_perspective_apply
from kspec.helpers.random_rotation import random_rotation_apply
from kspec.helpers.random_shear import random_shear_apply
from kspec.helpers.random_translation import random_translation_apply
from kspec.helpers.random_zoom import random_zoom_apply
from kspec.helpers.resample import resample
from tests.parity.augment import K, agree, images, jitted, keras

FILLS = ["reflect", "wrap", "constant", "nearest"]
HOWS = ["bilinear", "nearest"]
WAYS = [("reflect", "bilinear"), ("constant", "nearest")]  # of layers; all are tried below
X = images(4, 9, 12, 3)


def warp(fill: str, how: str) -> dict[str, object]:
    """The common arguments."""
    return {"fill_mode": fill, "interpolation": how, "fill_value": 30.0}


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("fill", [*FILLS, "mirror"])
def test_places_far_outside(fill, how):
    rng = np.random.default_rng(0)
    rows, columns = rng.uniform(-40, 40, (2, 1, 6, 50)).astype(np.float32)
    theirs = [
        jax.scipy.ndimage.map_coordinates(
            X[0, ..., c], [rows[0], columns[0]], HOWS.index(how) ^ 1, fill, 30.0
        )
        for c in range(3)
    ]
    ours = jitted(resample, X[:1], rows, columns, **warp(fill, how))
    agree(ours[0], jnp.stack(theirs, -1))


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (2, 1)])
@pytest.mark.parametrize("fill", ["reflect", "wrap"])
def test_tiny_images(fill, size):
    x = images(2, *size, 1)
    layer = K.RandomRotation(0.4, **warp(fill, "bilinear"), seed=1)
    drawn = layer.get_random_transformation(x)
    angle = jnp.deg2rad(drawn["angle"])
    ours = jitted(random_rotation_apply, x, angle, **warp(fill, "bilinear"))
    agree(ours, layer.transform_images(x, drawn))


@pytest.mark.parametrize(("fill", "how"), WAYS)
def test_rotation(fill, how):
    layer = K.RandomRotation(0.3, **warp(fill, how), seed=1)
    drawn = layer.get_random_transformation(X)
    ours = jitted(random_rotation_apply, X, jnp.deg2rad(drawn["angle"]), **warp(fill, how))
    agree(ours, layer.transform_images(X, drawn))


@pytest.mark.parametrize(("fill", "how"), WAYS)
def test_translation(fill, how):
    layer = K.RandomTranslation(0.6, (-0.9, 0.2), **warp(fill, how), seed=1)
    drawn = layer.get_random_transformation(X)
    right, down = drawn["translations"].T
    ours = jitted(random_translation_apply, X, down / 9, right / 12, **warp(fill, how))
    agree(ours, layer.transform_images(X, drawn))


@pytest.mark.parametrize(("fill", "how"), WAYS)
def test_zoom(fill, how):
    layer = K.RandomZoom(0.7, (-0.2, 0.9), **warp(fill, how), seed=1)
    drawn = layer.get_random_transformation(X)
    zooms = drawn["height_zoom"][:, 0], drawn["width_zoom"][:, 0]
    agree(jitted(random_zoom_apply, X, *zooms, **warp(fill, how)), layer.transform_images(X, drawn))


@pytest.mark.parametrize(("fill", "how"), WAYS)
def test_shear(fill, how):
    layer = K.RandomShear(0.5, 0.8, **warp(fill, how), seed=1)
    drawn = layer.get_random_transformation(X)
    ours = jitted(random_shear_apply, X, *drawn["shear_factor"].T, **warp(fill, how))
    agree(ours, layer.transform_images(X, drawn))


@pytest.mark.parametrize("mode", ["horizontal", "vertical", "horizontal_and_vertical"])
def test_flip(mode):
    flips = np.array([True, False, False, True])
    theirs = K.RandomFlip(mode).transform_images(X, {"flips": flips[:, None, None, None]})
    agree(random_flip_apply(X, flips, mode), theirs)


@pytest.mark.parametrize("how", HOWS)
def test_perspective(how):
    layer = K.RandomPerspective(1.0, 0.8, how, 30.0, seed=4)
    drawn = layer.get_random_transformation(X)
    start = drawn["start_points"]
    moves = drawn["end_points"] / jnp.where(start == 0, 1, start) - 1
    ours = jitted(
        random_perspective_apply,
        *(X, drawn["apply_perspective"], moves),
        interpolation=how,
        fill_value=30.0,
    )
    theirs = layer.transform_images(X, drawn)
    if how == "bilinear":
        agree(ours, theirs)
    else:  # a place between two pixels may be rounded either way
        assert np.mean(np.any(np.abs(ours - theirs) > 1e-3, axis=-1)) < 0.01


def test_crop():
    layer = K.RandomCrop(5, 7, seed=1)
    top, left = (int(each) for each in layer.get_random_transformation(X))
    theirs = layer.transform_images(X, (top, left))
    agree(random_crop_apply(X, np.full(4, top), np.full(4, left), 5, 7), theirs)


@pytest.mark.parametrize("size", [(9, 12), (9, 6), (4, 12), (3, 4), (18, 24), (5, 5), (12, 2)])
def test_the_middle_is_the_crop_that_keeps_the_aspect_ratio(size):
    rows = min(9, 12 * size[0] // size[1])
    columns = min(12, 9 * size[1] // size[0])
    top, left = (9 - rows) // 2, (12 - columns) // 2
    window = X[:, top : top + rows, left : left + columns]
    agree(
        jitted(middle_crop, X, height=size[0], width=size[1]), keras.ops.image.resize(window, size)
    )


PARAMETERS = {
    "theta": (25.0, -10.0, 0.0, 90.0),
    "tx": (2.0, -1.0, 0.0, 0.5),
    "ty": (1.0, 3.0, 0.0, -0.5),
    "shear": (10.0, -20.0, 0.0, 5.0),
    "zx": (0.8, 1.2, 1.0, 1.1),
    "zy": (1.1, 0.9, 1.0, 0.7),
    "flip_horizontal": (True, False, True, False),
    "flip_vertical": (False, True, True, False),
}


@pytest.mark.filterwarnings("ignore:Please import `affine_transform`")  # Keras' own
@pytest.mark.parametrize("fill", ["nearest", "reflect"])
def test_affine_is_that_of_image_data_generator(fill):
    pytest.importorskip("scipy")
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    x = images(4, 12, 12, 3)
    generator = ImageDataGenerator(fill_mode=fill)
    rows = [
        dict(zip(PARAMETERS, row, strict=True)) for row in zip(*PARAMETERS.values(), strict=True)
    ]
    theirs = np.stack([generator.apply_transform(a, row) for a, row in zip(x, rows, strict=True)])
    given = {name: np.array(values, np.float32) for name, values in PARAMETERS.items()}
    ours = jitted(
        random_affine_apply,
        x,
        *(np.deg2rad(given["theta"]), given["ty"] / 12, given["tx"] / 12),
        *(np.deg2rad(given["shear"]), given["zy"], given["zx"]),
        *(given["flip_vertical"], given["flip_horizontal"]),
        fill=fill,
        fill_value=0.0,
    )
    agree(ours, theirs)


def test_affine_without_amounts_changes_nothing():
    none, one = np.zeros(4, np.float32), np.ones(4, np.float32)
    given = (none, none, none, none, one, one, none, none)
    agree(jitted(random_affine_apply, X, *given, fill="constant", fill_value=7.0), X)
