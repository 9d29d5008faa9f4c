"""Images a second of `random_affine` against ImageDataGenerator's `apply_transform`.

    python benchmarks/augment.py [--rounds 7]

Both turn, shift, shear, zoom and flip the same images, by draws of their own; kspec's is
one jitted call a batch, Keras' a call an image, as its iterators do. They take turns;
medians are given.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import numpy as np
from keras.src.legacy.preprocessing.image import ImageDataGenerator

from kspec.helpers.random_affine import random_affine

SIZES = {32: 128, 224: 16}  # height and width, and images in a batch


def main() -> None:
    """Time, and print a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=7)
    rounds = options.parse_args().rounds
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors, {jax.default_backend()}")
    print(f"{'size':>6} {'batch':>6} {'kspec':>12} {'Keras':>12}   images a second")
    for size, batch in SIZES.items():
        images = np.random.default_rng(0).integers(0, 256, (batch, size, size, 3)).astype("f4")
        ours, theirs = rates({"kspec": kspec(images), "Keras": keras(images)}, batch, rounds)
        print(f"{size:6} {batch:6} {ours:12,.0f} {theirs:12,.0f}   {ours / theirs:.1f} times")


def kspec(images: np.ndarray) -> Callable[[], None]:
    """A batch on the device."""
    change = jax.jit(
        lambda x, key: random_affine(
            x, key, np.deg2rad(20), (0.1, 0.1), np.deg2rad(5), (0.9, 1.1), "horizontal"
        )
    )
    x, key = jax.device_put(images), jax.random.key(0)
    return lambda: change(x, key).block_until_ready()


def keras(images: np.ndarray) -> Callable[[], None]:
    """A batch, image by image."""
    generator = ImageDataGenerator(
        rotation_range=20,
        width_shift_range=0.1,
        height_shift_range=0.1,
        shear_range=5,
        zoom_range=0.1,
        horizontal_flip=True,
    )

    def run() -> None:
        for image in images:
            generator.apply_transform(image, generator.get_random_transform(image.shape))

    return run


def rates(runs: dict[str, Callable[[], None]], batch: int, rounds: int) -> list[float]:
    """Images a second of each, the median over rounds in which they take turns."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()  # what is compiled is compiled
    for _ in range(rounds):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - began)
    return [batch / statistics.median(each) for each in times.values()]


if __name__ == "__main__":
    main()
