"""From the command line to the first epoch of the digits, when it is not the first time.

Source: specs/digits.kspec, by `kspec run`, and the same program as a script of Keras, with the
same data. The clock stops at the line on the first epoch, the first that a user sees: 45 updates
and the validation. All files that either keeps between runs are there: Python's bytecode, and
what kspec has compiled. Each draws its first weights by itself, so the losses are only near each
other.

Floor: a Python that imports jax.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.commands import first_line
from benchmarks.harness import Done, Floor, Run, Workload

ROOT = Path(__file__).parents[2]
DIGITS = ROOT / "kspec" / "data" / "files" / "digits.npz"
SAYS = "epoch "


def spec() -> Run:
    """The spec, in a folder of its own."""
    place = tempfile.TemporaryDirectory()
    shutil.copy(ROOT / "specs" / "digits.kspec", place.name)
    compiling = [sys.executable, "-m", "kspec", "compile", "digits.kspec"]
    subprocess.run(compiling, cwd=place.name, check=True, capture_output=True)
    return starting([sys.executable, "-m", "kspec", "run", "digits.kspec"], place)


def by_keras() -> Run:
    """The script below."""
    command = [sys.executable, "-m", "benchmarks.workloads.warm_start"]
    return starting(command, tempfile.TemporaryDirectory())


def starting(command: list[str], place: tempfile.TemporaryDirectory[str]) -> Run:
    """A process that is ended when it has trained for an epoch."""
    epochs = 0

    def call() -> Done:
        nonlocal epochs
        epochs += 1
        line = first_line(command, SAYS, os.environ, Path(place.name))
        words = line.split()
        return Done(float(words[words.index("loss") + 1]), epochs)

    return call


def train() -> None:
    """The script of Keras."""
    import keras
    import numpy as np

    digits = np.load(DIGITS)
    order = np.random.default_rng(0).permutation(len(digits["label"]))
    image, label = digits["image"][order].astype("float32") / 16, digits["label"][order]
    model = keras.Sequential(
        [
            keras.Input((8, 8)),
            keras.layers.Flatten(),
            keras.layers.Dense(512, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    ends = int(0.8 * len(label)), int(0.9 * len(label))
    validation = image[ends[0] : ends[1]], label[ends[0] : ends[1]]
    history = model.fit(
        image[: ends[0]], label[: ends[0]], validation_data=validation, verbose=0
    ).history
    print(f"{SAYS}1  loss {history['loss'][0]}  validation {history['val_loss'][0]}", flush=True)


WORKLOAD = Workload(
    unit="first epoch",
    units=1,
    goals={"keras": 4.0},
    contenders={"kspec": spec, "keras": by_keras},
    tolerance=0.25,
    floor=Floor(modules="jax"),
    most=9,
)

if __name__ == "__main__":
    train()
