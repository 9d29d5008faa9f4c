"""A small convolutional network: a step.

Source: the convolutional networks of the Keras guide, in three stages of a convolution of 3 by
3, relu and max pooling with 32, 64 and 128 filters, on images of 32 by 32 in batches of 64, with
Adam. All keep the order of the data.

Floor: the products that the convolutions are, forward and backward, but for the gradient of the
images.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax

import kspec
from benchmarks import contenders, peers
from benchmarks.floors import TRAINING, convolution, product
from benchmarks.harness import Floor, Run, Workload

STAGES = ("stage", "stage_1", "stage_2")
SIZE, FILTERS, CLASSES, BATCH, STEPS = 32, (32, 64, 128), 10, 64, 8
SPEC = """
data pictures {
  source = arrays()
  image : u8[32, 32, 3]
  label : class[10]
}

block Stage(filters) {
  input x : f32[H, W, C]
  output x -> conv2d(filters, 3, padding=same, activation=relu) -> max_pooling2d(2)
}

model CNN {
  input image : u8[32, 32, 3]
  x = image -> rescaling(1/255) -> Stage(32) -> Stage(64) -> Stage(128)
  output kind = x -> flatten -> dense(10, softmax)
}

train {
  model     = CNN
  data      = pictures
  loss      = sparse_categorical_crossentropy(label, kind)
  metrics   = [sparse_categorical_accuracy(label, kind)]
  optimizer = adam(1e-3)
  batch     = 64
  shuffle   = false
}
"""


def flops() -> int:
    """Of a step."""
    channels, size, total = 3, SIZE, 0
    for filters in FILTERS:
        times = TRAINING - (channels == 3)
        total += times * convolution(size, size, 3, channels, filters)
        channels, size = filters, size // 2
    return BATCH * (total + TRAINING * product(1, size * size * channels, CLASSES))


@cache
def program() -> kspec.Program:
    """The spec."""
    return kspec.compile_text(SPEC)


@cache
def weights() -> dict[str, np.ndarray]:
    """The first ones, for all."""
    return contenders.spec_weights(program())


@cache
def data() -> dict[str, np.ndarray]:
    """What all train on."""
    return contenders.images(BATCH * STEPS, (SIZE, SIZE, 3), CLASSES)


def spec() -> Run:
    """The spec."""
    return contenders.spec_fit(program(), weights(), data(), 1)


def keras_model(*before: keras.Layer) -> keras.Model:
    """As the guide writes it."""
    layers = [keras.Input((SIZE, SIZE, 3)), *before]
    for filters in FILTERS:
        layers += [keras.layers.Conv2D(filters, 3, padding="same", activation="relu")]
        layers += [keras.layers.MaxPooling2D(2)]
    layers += [keras.layers.Flatten(), keras.layers.Dense(CLASSES, activation="softmax")]
    model = keras.Sequential(layers)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def by_keras() -> Run:
    """The images become floats in the model."""
    model = keras_model(keras.layers.Rescaling(1 / 255))
    x, y = data()["image"], data()["label"]
    return contenders.keras_fit(model, list(weights().values()), x, y, batch=BATCH, shuffle=False)


def scores(params: Mapping[str, jax.Array], image: jax.Array) -> jax.Array:
    """The logits, by hand."""
    x = image.astype(jnp.float32) / 255
    for stage in STAGES:
        kernel = params[f"{stage}.conv2d.kernel"]
        x = jax.lax.conv_general_dilated(
            x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        x = jax.nn.relu(x + params[f"{stage}.conv2d.bias"])
        window = (1, 2, 2, 1)
        x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, window, "VALID")
    return x.reshape(len(x), -1) @ params["dense.kernel"] + params["dense.bias"]


def by_hand() -> Run:
    """Convolutions of `lax`."""

    def loss(params: contenders.Params, batch: contenders.Arrays) -> tuple[jax.Array, jax.Array]:
        logits, label = scores(params, batch["image"]), batch["label"]
        each = optax.softmax_cross_entropy_with_integer_labels(logits, label)
        return each.mean(), jnp.mean(logits.argmax(-1) == label)

    optimizer = optax.adam(1e-3, eps=1e-7)
    return contenders.jax_fit(loss, optimizer, weights(), data(), batch=BATCH, shuffle=False)


def by_nnx() -> Run:
    """Convolutions of `nnx.Conv`."""
    from flax import nnx

    class CNN(nnx.Module):
        """Three stages and a dense layer."""

        def __init__(self) -> None:
            rngs, channels = nnx.Rngs(0), (3, *FILTERS)
            self.stages = nnx.List(
                [nnx.Conv(a, b, (3, 3), rngs=rngs) for a, b in zip(channels, FILTERS, strict=False)]
            )
            self.dense = nnx.Linear(4 * 4 * FILTERS[-1], CLASSES, rngs=rngs)

        def __call__(self, image: jax.Array) -> jax.Array:
            """The logits."""
            x = image.astype(jnp.float32) / 255
            for stage in self.stages:
                x = nnx.max_pool(jax.nn.relu(stage(x)), (2, 2), (2, 2))
            return self.dense(x.reshape(len(x), -1))

    def loss(model: CNN, batch: peers.Arrays) -> tuple[jax.Array, jax.Array, jax.Array]:
        logits, label = model(batch["image"]), batch["label"]
        each = optax.softmax_cross_entropy_with_integer_labels(logits, label)
        return each.mean(), logits, label

    model, first = CNN(), weights()
    layers = {f"{name}.conv2d": layer for name, layer in zip(STAGES, model.stages, strict=True)}
    for name, layer in {**layers, "dense": model.dense}.items():
        layer.kernel[...], layer.bias[...] = first[f"{name}.kernel"], first[f"{name}.bias"]
    optimizer = optax.adam(1e-3, eps=1e-7)
    return peers.nnx_fit(model, optimizer, loss, data(), batch=BATCH, shuffle=False)


def by_torch(compiled: bool) -> Run:
    """In the memory format that its convolutions on CPUs are fastest in."""
    import torch

    class CNN(torch.nn.Module):
        """Three stages and a dense layer."""

        def __init__(self) -> None:
            super().__init__()
            channels = (3, *FILTERS)
            pairs = zip(channels, FILTERS, strict=False)
            self.stages = torch.nn.ModuleList(
                torch.nn.Conv2d(a, b, 3, padding="same") for a, b in pairs
            )
            self.dense = torch.nn.Linear(4 * 4 * FILTERS[-1], CLASSES)

        def forward(self, image: Any) -> Any:
            """The logits."""
            x = image.permute(0, 3, 1, 2).float() / 255
            for stage in self.stages:
                x = torch.nn.functional.max_pool2d(torch.relu(stage(x)), 2)
            return self.dense(x.permute(0, 2, 3, 1).flatten(1))

    def loss(model: Any, batch: Any) -> Any:
        logits, label = model(batch["image"]), batch["label"]
        right = (logits.argmax(-1) == label).sum()
        return torch.nn.functional.cross_entropy(logits, label), right

    model, first = CNN().to(memory_format=torch.channels_last), weights()
    state = peers.torch_linears(first, {"dense": "dense"})
    for number, name in enumerate(STAGES):
        kernel = first[f"{name}.conv2d.kernel"].transpose(3, 2, 0, 1)
        state[f"stages.{number}.weight"] = torch.tensor(kernel)
        state[f"stages.{number}.bias"] = torch.tensor(first[f"{name}.conv2d.bias"])
    model.load_state_dict(state)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)
    arrays = {**data(), "label": data()["label"].astype(np.int64)}
    return peers.torch_fit(
        model, optimizer, loss, arrays, batch=BATCH, shuffle=False, compiled=compiled
    )


WORKLOAD = Workload(
    unit="step",
    units=STEPS,
    goals={"keras": 1.5, "jax": 1.4},
    contenders={
        **{"kspec": spec, "keras": by_keras, "jax": by_hand},
        **peers.installed(keras="cnn", nnx=by_nnx, torch=by_torch),
    },
    tolerance=0.01,
    wider=dict.fromkeys(("jax", "nnx", "torch", "torch_compiled"), 0.02),  # their Adam's epsilon
    floor=Floor(flops=flops()),
)
