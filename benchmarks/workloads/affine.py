"""Augmentation alone: a batch of 128 images of 32 by 32 turned, shifted, sheared, zoomed, flipped.

Source: the augmentation of the Keras guide, as in the workload `augmented`. kspec's helper is one
jitted call a batch, Keras' `ImageDataGenerator` a call an image, as its iterators do. Draws
differ; what must agree is how bright the images are after it, on average.

Floor: each image read and written once.
"""

from __future__ import annotations

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.floors import FLOAT
from benchmarks.harness import Done, Floor, Run, Workload

SIZE, BATCH, CALLS = 32, 128, 4


@cache
def images() -> np.ndarray:
    """Noise."""
    shape = (BATCH, SIZE, SIZE, 3)
    return np.random.default_rng(0).integers(0, 256, shape).astype("float32")


def helper() -> Run:
    """A batch on the device."""
    from kspec.helpers.random_affine import random_affine

    @jax.jit
    def change(x: jax.Array, key: jax.Array) -> jax.Array:
        angle, shear = jnp.deg2rad(20), jnp.deg2rad(5)
        return random_affine(x, key, angle, (0.1, 0.1), shear, (0.9, 1.1), "horizontal")

    done = 0
    x, key = jax.device_put(images()), jax.random.key(0)

    def call() -> Done:
        nonlocal done
        bright = []
        for _ in range(CALLS):
            bright.append(np.asarray(change(x, jax.random.fold_in(key, done))).mean())
            done += 1
        return Done(float(np.mean(bright)), done)

    return call


def by_keras() -> Run:
    """A batch, image by image."""
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    generator = ImageDataGenerator(
        rotation_range=20,
        width_shift_range=0.1,
        height_shift_range=0.1,
        shear_range=5,
        zoom_range=0.1,
        horizontal_flip=True,
    )
    done = 0

    def call() -> Done:
        nonlocal done
        bright = []
        for _ in range(CALLS):
            changed = [generator.random_transform(image) for image in images()]
            bright.append(np.stack(changed).mean())
            done += 1
        return Done(float(np.mean(bright)), done)

    return call


WORKLOAD = Workload(
    unit="batch",
    units=CALLS,
    goals={"keras": None},
    contenders={"kspec": helper, "keras": by_keras},
    tolerance=0.02,
    floor=Floor(bytes=2 * FLOAT * BATCH * SIZE * SIZE * 3),
)
