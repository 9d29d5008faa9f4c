"""The MNIST program of the Keras guide: an epoch of an MLP on 60,000 images.

Source: "Getting started" of the Keras guide: 784-512-10, RMSprop, batches of 128, the loss and
the accuracy. The images are made up, in MNIST's shape. All shuffle, each in its own order.

Floor: three products for each of the two layers, forward and backward, but for the gradient of
the images, which nobody needs.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax

import kspec
from benchmarks import contenders, peers
from benchmarks.floors import TRAINING, product
from benchmarks.harness import Floor, Run, Workload

ROWS, BATCH, EPOCHS = 60_000, 128, 2
SPEC = Path(__file__).parents[2] / "specs" / "mnist.kspec"


@cache
def program() -> kspec.Program:
    """The spec."""
    return kspec.compile(SPEC)


@cache
def weights() -> dict[str, np.ndarray]:
    """The first ones, for all."""
    return contenders.spec_weights(program())


@cache
def data() -> dict[str, np.ndarray]:
    """What all train on."""
    return contenders.images(ROWS, (28, 28), 10)


def spec() -> Run:
    """The spec."""
    return contenders.spec_fit(program(), weights(), data(), EPOCHS)


def flat() -> np.ndarray:
    """The images as the guide prepares them, once, before training."""
    return data()["image"].reshape(-1, 784).astype("float32") / 255


def by_keras() -> Run:
    """As the guide writes it."""
    layers = [keras.layers.Dense(512, "relu"), keras.layers.Dense(10, "softmax")]
    model = keras.Sequential([keras.Input((784,)), *layers])
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return contenders.keras_fit(
        model, list(weights().values()), flat(), data()["label"], epochs=EPOCHS, batch=BATCH
    )


def by_hand() -> Run:
    """The loss on logits, and the accuracy."""

    def loss(params: contenders.Params, batch: contenders.Arrays) -> tuple[jax.Array, jax.Array]:
        x, label = batch["image"], batch["label"]
        x = jax.nn.relu(x @ params["dense.kernel"] + params["dense.bias"])
        logits = x @ params["dense_1.kernel"] + params["dense_1.bias"]
        each = optax.softmax_cross_entropy_with_integer_labels(logits, label)
        return each.mean(), jnp.mean(logits.argmax(-1) == label)

    optimizer = optax.rmsprop(1e-3, decay=0.9, eps=1e-7)
    arrays = {"image": flat(), "label": data()["label"]}
    return contenders.jax_fit(loss, optimizer, weights(), arrays, epochs=EPOCHS, batch=BATCH)


def by_nnx() -> Run:
    """Two layers."""
    from flax import nnx

    class Perceptron(nnx.Module):
        """784-512-10."""

        def __init__(self) -> None:
            self.dense = nnx.Linear(784, 512, rngs=nnx.Rngs(0))
            self.dense_1 = nnx.Linear(512, 10, rngs=nnx.Rngs(0))

        def __call__(self, x: jax.Array) -> jax.Array:
            """The logits."""
            return self.dense_1(jax.nn.relu(self.dense(x)))

    def loss(model: Perceptron, batch: peers.Arrays) -> tuple[jax.Array, jax.Array, jax.Array]:
        logits, label = model(batch["image"]), batch["label"]
        each = optax.softmax_cross_entropy_with_integer_labels(logits, label)
        return each.mean(), logits, label

    model, first = Perceptron(), weights()
    for name in ("dense", "dense_1"):
        layer = getattr(model, name)
        layer.kernel[...], layer.bias[...] = first[f"{name}.kernel"], first[f"{name}.bias"]
    optimizer = optax.rmsprop(1e-3, decay=0.9, eps=1e-7)
    arrays = {"image": flat(), "label": data()["label"]}
    return peers.nnx_fit(model, optimizer, loss, arrays, epochs=EPOCHS, batch=BATCH)


def by_torch(compiled: bool) -> Run:
    """Two layers."""
    import torch

    model = torch.nn.Sequential(
        torch.nn.Linear(784, 512), torch.nn.ReLU(), torch.nn.Linear(512, 10)
    )
    names = {"dense": "0", "dense_1": "2"}
    model.load_state_dict(peers.torch_linears(weights(), names))

    def loss(model: Any, batch: Any) -> Any:
        logits, label = model(batch["image"]), batch["label"]
        right = (logits.argmax(-1) == label).sum()
        return torch.nn.functional.cross_entropy(logits, label), right

    optimizer = peers.torch_rmsprop(model, 1e-3)
    arrays = {"image": flat(), "label": data()["label"].astype(np.int64)}
    return peers.torch_fit(
        model, optimizer, loss, arrays, epochs=EPOCHS, batch=BATCH, compiled=compiled
    )


WORKLOAD = Workload(
    unit="epoch",
    units=EPOCHS,
    goals={"keras": 1.4, "jax": 1.05},
    contenders={
        **{"kspec": spec, "keras": by_keras, "jax": by_hand},
        **peers.installed(keras="mnist", nnx=by_nnx, torch=by_torch),
    },
    tolerance=0.05,
    floor=Floor(
        flops=ROWS * ((TRAINING - 1) * product(1, 784, 512) + TRAINING * product(1, 512, 10))
    ),
)
