"""The small convolutional network with augmented images: an epoch of 1,024 images.

Source: the workload `cnn`, and the augmentation of the Keras guide: turned by up to 20 degrees,
shifted and zoomed by up to a tenth, sheared by up to 5 degrees, flipped. In Keras that is the
guide's `ImageDataGenerator` (SciPy, one image after the other on the host), which `fit` draws
batches from; in the spec it is `random_affine`, one resampling a batch inside of the jitted step.
Draws and orders differ, so the losses are only near each other.

Floor: that of `cnn`, for all steps; the augmentation has no products.
"""

from __future__ import annotations

from functools import cache

import kspec
from benchmarks import contenders, peers
from benchmarks.harness import Floor, Run, Workload
from benchmarks.workloads import cnn

STEPS = 16
AUGMENT = "random_affine(rotation=20deg, shift=10%, shear=5deg, zoom=10%, flip=horizontal)"
SPEC = cnn.SPEC.replace("  shuffle   = false\n", "").replace(
    "  label : class[10]\n", f"  label : class[10]\n  augment image -> {AUGMENT}\n"
)


@cache
def data() -> dict[str, contenders.np.ndarray]:
    """What all train on."""
    return contenders.images(cnn.BATCH * STEPS, (cnn.SIZE, cnn.SIZE, 3), cnn.CLASSES)


def spec() -> Run:
    """The spec of `cnn` with one line more."""
    return contenders.spec_fit(kspec.compile_text(SPEC), cnn.weights(), data(), 1)


def by_keras() -> Run:
    """The generator scales the images, too."""
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    generator = ImageDataGenerator(
        rotation_range=20,
        width_shift_range=0.1,
        height_shift_range=0.1,
        shear_range=5,
        zoom_range=0.1,
        horizontal_flip=True,
        rescale=1 / 255,
    )
    batches = generator.flow(data()["image"], data()["label"], batch_size=cnn.BATCH)
    return contenders.keras_fit(cnn.keras_model(), list(cnn.weights().values()), batches)


WORKLOAD = Workload(
    unit="epoch",
    units=1,
    goals={"keras": 4.0},
    contenders={
        **{"kspec": spec, "keras": by_keras},
        **peers.installed(keras="augmented"),
    },
    tolerance=0.1,
    floor=Floor(flops=STEPS * cnn.flops()),
)
