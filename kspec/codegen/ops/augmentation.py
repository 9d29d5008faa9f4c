"""Random changes of images. Each is a helper of its name, with its attributes by name."""

from __future__ import annotations

from kspec.codegen.ops.table import emits_helper
from kspec.ir.ops import OPS

# All but those that are left out where they are what the helper itself takes.
for _name in (
    *("auto_contrast", "equalization", "contrast_limited_adaptive_histogram_equalization"),
    *("random_flip", "random_rotation", "random_translation", "random_zoom", "random_shear"),
    *("random_perspective", "random_elastic_transform", "random_affine", "random_crop"),
    *("random_brightness", "random_contrast", "random_hue", "random_saturation"),
    *("random_color_degeneration", "random_posterization", "random_sharpness"),
    *("random_grayscale", "random_invert", "random_gaussian_blur", "random_color_jitter"),
    *("random_erasing", "solarization", "rand_augment", "aug_mix", "middle_crop"),
    *("mix_up", "cut_mix"),
):
    _row = OPS[_name]
    emits_helper(_name, *_row.required, *_row.defaults, **_row.defaults)
