"""Changes of images, as they are outside of training: none, but for those without chance."""

from tests.parity.layers import Case, Cases, K

COLOR = ((6, 5, 3),)


def resized() -> K.Layer:
    """What Keras' documentation says that RandomCrop does outside of training."""
    return K.Resizing(4, 3, crop_to_aspect_ratio=True)


CASES: Cases = {
    "auto_contrast": [Case("auto_contrast((1, 3))", lambda: K.AutoContrast((1, 3)), COLOR)],
    "equalization": [Case("equalization", lambda: K.Equalization(bins=4), COLOR)],
    "contrast_limited_adaptive_histogram_equalization": [
        Case(
            "contrast_limited_adaptive_histogram_equalization((0.5, 3), tile_grid_size=(2, 2))",
            lambda: K.ContrastLimitedAdaptiveHistogramEqualization((0.5, 3), tile_grid_size=(2, 2)),
            COLOR,
        )
    ],
    "random_brightness": [Case("random_brightness(1)", lambda: K.RandomBrightness(1.0), COLOR)],
    "random_contrast": [Case("random_contrast(1)", lambda: K.RandomContrast(1.0), COLOR)],
    "random_hue": [Case("random_hue(1)", lambda: K.RandomHue(1.0), COLOR)],
    "random_saturation": [Case("random_saturation(0.5)", lambda: K.RandomSaturation(0.5), COLOR)],
    "random_color_degeneration": [
        Case("random_color_degeneration(1)", lambda: K.RandomColorDegeneration(1.0), COLOR)
    ],
    "random_sharpness": [Case("random_sharpness(1)", lambda: K.RandomSharpness(1.0), COLOR)],
    "random_posterization": [
        Case("random_posterization(3)", lambda: K.RandomPosterization(3), COLOR)
    ],
    "random_grayscale": [Case("random_grayscale", lambda: K.RandomGrayscale(), COLOR)],
    "random_invert": [Case("random_invert", lambda: K.RandomInvert(), COLOR)],
    "solarization": [Case("solarization(0.1)", lambda: K.Solarization(0.1), COLOR)],
    "random_color_jitter": [
        Case("random_color_jitter(hue_factor=0.1)", lambda: K.RandomColorJitter(), COLOR)
    ],
    "random_flip": [Case("random_flip", lambda: K.RandomFlip(), COLOR)],
    "random_rotation": [Case("random_rotation(0.5)", lambda: K.RandomRotation(0.5), COLOR)],
    "random_translation": [
        Case("random_translation(1, 1)", lambda: K.RandomTranslation(1.0, 1.0), COLOR)
    ],
    "random_zoom": [Case("random_zoom(1)", lambda: K.RandomZoom(1.0), COLOR)],
    "random_shear": [Case("random_shear(1)", lambda: K.RandomShear(1.0), COLOR)],
    "random_perspective": [Case("random_perspective", lambda: K.RandomPerspective(), COLOR)],
    "random_crop": [Case("random_crop(4, 3)", resized, COLOR)],
    "random_affine": [Case("random_affine(rotation=90deg)", lambda: K.Identity(), COLOR)],
    "random_erasing": [Case("random_erasing", lambda: K.RandomErasing(), COLOR)],
    "random_gaussian_blur": [Case("random_gaussian_blur", lambda: K.RandomGaussianBlur(), COLOR)],
    "random_elastic_transform": [
        Case("random_elastic_transform", lambda: K.RandomElasticTransform(), COLOR)
    ],
    "rand_augment": [Case("rand_augment", lambda: K.RandAugment(num_ops=1), COLOR)],
    "aug_mix": [Case("aug_mix", lambda: K.AugMix(num_chains=1, chain_depth=1), COLOR)],
    # Of images and labels at once: tests/parity/augment/test_mixing.py.
    "mix_up": [],
    "cut_mix": [],
}
