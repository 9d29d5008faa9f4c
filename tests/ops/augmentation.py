"""Random changes of images. Operand types and attributes to try each op with."""

from tests.ops import Cases

IMAGE = ("f32[B,6,5,3]",)
DRAWN = ("f32[B,6,5,3]", "key[]")
HALF = {"factor": (-0.5, 0.5)}
PART = {"factor": (0.0, 0.5)}

CASES: Cases = {
    "auto_contrast": [(IMAGE, {})],
    "equalization": [(IMAGE, {}), (IMAGE, {"bins": 16, "value_range": (0.0, 1.0)})],
    "contrast_limited_adaptive_histogram_equalization": [(IMAGE, {"tile_grid_size": (4, 2)})],
    "random_flip": [(DRAWN, {"mode": "horizontal"})],
    "random_rotation": [(DRAWN, HALF), (DRAWN, {**HALF, "fill_mode": "constant"})],
    "random_translation": [(DRAWN, {"height_factor": (0.1, 0.2), "width_factor": (0.0, 0.0)})],
    "random_zoom": [
        (DRAWN, {"height_factor": (0.1, 0.2)}),
        (DRAWN, {"height_factor": (0.1, 0.2), "width_factor": (0.0, 0.5)}),
    ],
    "random_shear": [(DRAWN, {"x_factor": (-0.5, 0.5), "interpolation": "nearest"})],
    "random_perspective": [(DRAWN, PART)],
    "random_elastic_transform": [(DRAWN, {}), (DRAWN, {"fill_mode": "mirror"})],
    "random_affine": [(DRAWN, {"rotation": 0.3, "flip": "horizontal"})],
    "random_erasing": [(DRAWN, {}), (DRAWN, {"fill_value": 3.0})],
    "random_brightness": [(DRAWN, HALF)],
    "random_contrast": [(DRAWN, PART)],
    "random_hue": [(DRAWN, PART)],
    "random_saturation": [(DRAWN, HALF)],
    "random_color_degeneration": [(DRAWN, HALF)],
    "random_posterization": [(DRAWN, {"factor": (1, 8)})],
    "random_sharpness": [(DRAWN, PART)],
    "random_grayscale": [(DRAWN, {})],
    "random_invert": [(DRAWN, {})],
    "random_gaussian_blur": [(DRAWN, {}), (DRAWN, {"kernel_size": (5, 3)})],
    "random_color_jitter": [(DRAWN, {}), (DRAWN, {"hue_factor": (0.0, 0.5)})],
    "solarization": [(DRAWN, {})],
    "rand_augment": [(DRAWN, {})],
    "aug_mix": [(DRAWN, {}), (DRAWN, {"all_ops": False, "num_chains": 2})],
    "middle_crop": [(IMAGE, {"height": 4, "width": 7})],
    "random_crop": [(DRAWN, {"height": 4, "width": 5})],
    "mix_up": [(("f32[B,6,5,3]", "f32[B,4]", "f32[B]", "key[]"), {})],
    "cut_mix": [(("f32[B,6,5,3]", "f32[B,4]", "f32[B]", "key[]"), {})],
}
