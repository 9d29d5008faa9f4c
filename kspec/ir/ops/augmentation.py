"""Random changes of images, and what goes with them. The type rules.

Images are f32[B,H,W,C]. A change that draws has a key behind its operands.
"""

from __future__ import annotations

from typing import Any

from kspec.ir.rules import Attrs, Types, arity, integer, op, require, require_float
from kspec.ir.types import KEY, TensorType

_RANGE = (0, 255)


def _image(type: TensorType) -> None:
    require_float(type, "a change of images")
    require(type.rank == 4, f"{type} is not height, width and channels")


def _key(type: TensorType) -> None:
    require(type.dtype == KEY, f"a random key is needed, not {type}")


@op("auto_contrast", value_range=_RANGE)
@op("equalization", value_range=_RANGE, bins=256)
@op(
    "contrast_limited_adaptive_histogram_equalization",
    value_range=_RANGE,
    clip_limit=4.0,
    tile_grid_size=(8, 8),
)
def _change(types: Types, attrs: Attrs) -> Types:
    """The same change for all."""
    arity(types, 1, "this")
    _image(types[0])
    return types


_WARP: dict[str, Any] = {"fill_mode": "reflect", "interpolation": "bilinear", "fill_value": 0.0}


@op("random_flip", required=("mode",))
@op("random_rotation", required=("factor",), **_WARP)
@op("random_translation", required=("height_factor", "width_factor"), **_WARP)
@op("random_zoom", required=("height_factor",), width_factor=None, **_WARP)
@op("random_shear", x_factor=(0.0, 0.0), y_factor=(0.0, 0.0), **_WARP)
@op("random_perspective", required=("factor",), scale=1.0, interpolation="bilinear", fill_value=0.0)
@op("random_elastic_transform", factor=(0.0, 1.0), scale=(0.0, 1.0), value_range=_RANGE, **_WARP)
@op(
    "random_affine",
    rotation=0.0,
    shift=(0.0, 0.0),
    shear=0.0,
    zoom=(1.0, 1.0),
    flip="none",
    fill="nearest",
    fill_value=0.0,
)
@op(
    "random_erasing",
    factor=(0.0, 1.0),
    scale=(0.02, 0.33),
    fill_value=None,
    value_range=_RANGE,
)
@op("random_brightness", "random_contrast", required=("factor",), value_range=_RANGE)
@op("random_hue", "random_saturation", required=("factor",), value_range=_RANGE)
@op("random_color_degeneration", required=("factor",), value_range=_RANGE)
@op("random_posterization", "random_sharpness", required=("factor",), value_range=_RANGE)
@op("random_grayscale", factor=0.5)
@op("random_invert", factor=(0.0, 1.0), value_range=_RANGE)
@op(
    "random_gaussian_blur",
    factor=(0.0, 1.0),
    kernel_size=(3, 3),
    sigma=(0.0, 1.0),
    value_range=_RANGE,
)
@op(
    "random_color_jitter",
    value_range=_RANGE,
    brightness_factor=None,
    contrast_factor=None,
    saturation_factor=None,
    hue_factor=None,
)
@op("solarization", addition_factor=(0.0, 0.0), threshold_factor=(0.0, 0.0), value_range=_RANGE)
@op("rand_augment", value_range=_RANGE, num_ops=2, factor=(0.0, 0.5), interpolation="bilinear")
@op(
    "aug_mix",
    value_range=_RANGE,
    num_chains=3,
    chain_depth=3,
    factor=(0.0, 0.3),
    alpha=1.0,
    all_ops=True,
    interpolation="bilinear",
)
def _random_change(types: Types, attrs: Attrs) -> Types:
    """A change of each image of its own."""
    arity(types, 2, "a random change")
    _image(types[0])
    _key(types[1])
    return types[:1]


@op("middle_crop", required=("height", "width"))
def _middle_crop(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "a crop")
    _image(types[0])
    batch, _, _, channels = types[0].shape
    size = (integer(attrs, "height"), integer(attrs, "width"))
    return (types[0].with_shape((batch, *size, channels)),)


@op("random_crop", required=("height", "width"))
def _random_crop(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "a random crop")
    _key(types[1])
    (result,) = _middle_crop(types[:1], attrs)
    for old, new in zip(types[0].shape[1:3], result.shape[1:3], strict=True):
        fits = isinstance(old, int) and isinstance(new, int) and 0 < new <= old
        require(fits, f"there is no {result} in {types[0]}")
    return (result,)


@op("mix_up", alpha=0.2)
@op("cut_mix", factor=(0.0, 1.0))
def _mix(types: Types, attrs: Attrs) -> Types:
    """Images, labels, which examples are real, and a key."""
    arity(types, 4, "a mixture")
    image, label, mask, key = types
    _image(image)
    require_float(label, "a mixture of labels")
    require(label.shape[:1] == image.shape[:1], f"{image} and {label} are not of the same batch")
    require(mask.shape == image.shape[:1], f"{mask} has not an entry for each example of {image}")
    _key(key)
    return types[:2]
