"""The MNIST program of the Keras guide: the same losses, step by step, as Keras' own."""

from __future__ import annotations

import jax
import numpy as np

import kspec
from tests.conftest import SPECS
from tests.parity.harness import close, keras

STEPS, BATCH = 50, 128


def keras_model() -> keras.Model:
    """The guide's model, compiled as the guide compiles it."""
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(512, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.RMSprop(1e-3),
        loss="sparse_categorical_crossentropy",
        metrics=["sparse_categorical_accuracy"],
    )
    return model


def images(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Images that can be learned: a bright square whose place is the label, and noise."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, 10, rows)
    image = rng.integers(0, 120, (rows, 28, 28))
    for index, each in enumerate(label):
        top, left = 14 * (each // 5), 5 * (each % 5)
        image[index, top : top + 12, left : left + 5] += 100
    return image.astype(np.uint8), label.astype(np.int32)


def test_fifty_steps_have_the_losses_of_keras():
    image, label = images(STEPS * BATCH)
    model = keras_model()
    run = kspec.compile(SPECS / "mnist.kspec").init()
    for layer, name in ((model.layers[2], "dense"), (model.layers[3], "dense_1")):
        run.weights[f"{name}.kernel"] = np.asarray(layer.kernel)
        run.weights[f"{name}.bias"] = np.asarray(layer.bias)
    state, mask = run.state, np.ones(BATCH, np.float32)
    ours, theirs = [], []
    for step in range(STEPS):
        rows = slice(step * BATCH, (step + 1) * BATCH)
        model.reset_metrics()
        theirs.append(model.train_on_batch(image[rows], label[rows])[0])
        state, sums = run.executable.train_step(
            state, {"image": image[rows], "label": label[rows]}, mask
        )
        ours.append(float(sums["loss"]["total"] / sums["loss"]["count"]))
    close(ours, theirs, rtol=1e-4, atol=0)
    assert ours[-1] < 0.3 * ours[0]
    trained = jax.tree.leaves(state["params"]["dense_1"])
    close(trained[1], np.asarray(model.layers[3].kernel), 1e-3, 1e-4)
