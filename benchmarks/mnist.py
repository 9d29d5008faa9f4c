"""The MNIST program of the Keras guide: seconds an epoch, kspec against Keras' `fit`.

    python benchmarks/mnist.py [--rounds 7] [--rows 60000] [--json]

Both train the same model on the same made-up data of MNIST's shape, in one process, on
Keras' JAX backend. Calls of `fit` with the guide's five epochs take turns, so that a busy
machine slows both; the seconds are what a user waits for: checks, shuffling, batches,
updates, and metrics. The first call of each, of one epoch, compiles and is reported apart.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"

import jax
import keras
import numpy as np

import kspec

SPEC = Path(__file__).parent.parent / "specs" / "mnist.kspec"
BATCH = 128
EPOCHS = 5
Fit = Callable[[int], object]  # train for so many epochs


def images(rows: int) -> dict[str, np.ndarray]:
    """Noise of MNIST's shape and range, with labels."""
    rng = np.random.default_rng(0)
    return {
        "image": rng.integers(0, 256, (rows, 28, 28), np.uint8),
        "label": rng.integers(0, 10, rows).astype(np.int32),
    }


def keras_fit(data: dict[str, np.ndarray]) -> Fit:
    """The guide's program, as the guide writes it."""
    model = keras.Sequential(
        [
            keras.Input((28 * 28,)),
            keras.layers.Dense(512, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    flat = data["image"].reshape(-1, 28 * 28).astype("float32") / 255
    return lambda epochs: model.fit(flat, data["label"], epochs=epochs, batch_size=BATCH, verbose=0)


def kspec_fit(data: dict[str, np.ndarray]) -> Fit:
    """The same program as a spec."""
    run = kspec.compile(SPEC).init()
    return lambda epochs: run.fit(data={"train": data}, epochs=epochs, quiet=True)


def seconds(fit: Fit, epochs: int) -> float:
    """How long an epoch takes in a call of so many."""
    start = time.perf_counter()
    fit(epochs)
    return (time.perf_counter() - start) / epochs


def measure(rows: int, rounds: int) -> dict[str, object]:
    """The medians of both, their first epochs, and what they ran on."""
    data = images(rows)
    fits = {"keras": keras_fit(data), "kspec": kspec_fit(data)}
    first = {name: seconds(fit, 1) for name, fit in fits.items()}
    times: dict[str, list[float]] = {name: [] for name in fits}
    for _ in range(rounds):
        for name, fit in fits.items():
            times[name].append(seconds(fit, EPOCHS))
    medians = {name: statistics.median(each) for name, each in times.items()}
    device = jax.devices()[0]
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "device": f"{device.platform}: {device.device_kind}",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "versions": {name: metadata.version(name) for name in ("jax", "keras", "kspec")},
        "rows": rows,
        "rounds": rounds,
        "first_epoch_s": first,
        "epoch_s": medians,
        "spread_s": {name: (min(each), max(each)) for name, each in times.items()},
        "ratio": medians["keras"] / medians["kspec"],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    result = measure(args.rows, args.rounds)
    if args.json:
        print(json.dumps(result, indent=2))
        return
    for name in ("keras", "kspec"):
        low, high = result["spread_s"][name]
        print(
            f"{name}  {result['epoch_s'][name]:.3f} s an epoch ({low:.3f} to {high:.3f}), "
            f"first {result['first_epoch_s'][name]:.2f} s"
        )
    print(f"kspec is {result['ratio']:.2f} times as fast as Keras ({result['device']})")


if __name__ == "__main__":
    main()
