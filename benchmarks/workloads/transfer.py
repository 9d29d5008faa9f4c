"""A new head for a frozen VGG16: ten epochs on 64 images, all in.

Source: "Transfer learning and fine-tuning" of the Keras guide: VGG16 without its top, frozen, a
dense layer of 1,024 and five classes, RMSprop, batches of 32; here on images of 96 by 96, without
augmentation. VGG16 starts with weights drawn as for training: files of weights are not
downloaded, and change no time. Keras and JAX by hand run all of VGG16 in each epoch; kspec runs
it once over the images, and this pass is in its time. All keep the order
of the data.

Floor: the convolutions once for each image, forward only, and the head in each epoch.
"""

from __future__ import annotations

from functools import cache

import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax

import kspec
from benchmarks import contenders, peers
from benchmarks.floors import TRAINING, convolution, product
from benchmarks.harness import Floor, Run, Workload

SIZE, CLASSES, ROWS, BATCH, EPOCHS = 96, 5, 64, 32, 10
STAGES = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # filters, convolutions
SPEC = """
import "std/vgg16.kspec"

data flowers {
  source = arrays()
  image : u8[96, 96, 3]
  label : class[5]
}

model Flowers {
  input image : u8[96, 96, 3]
  share base = VGG16(include_top=false)
  x = image -> rescaling(1/255) -> base -> flatten
  output kind = x -> dense(1024, relu) -> dense(5, softmax)
}

train {
  model     = Flowers
  data      = flowers
  loss      = sparse_categorical_crossentropy(label, kind)
  metrics   = [sparse_categorical_accuracy(label, kind)]
  optimizer = rmsprop(1e-4)
  batch     = 32
  shuffle   = false
  phase head { epochs = 10, freeze base }
}
"""


def flops() -> int:
    """Of ten epochs at least."""
    channels, size, trunk = 3, SIZE, 0
    for filters, convolutions in STAGES:
        for _ in range(convolutions):
            trunk += convolution(size, size, 3, channels, filters)
            channels = filters
        size //= 2
    hidden = product(1, size * size * channels, 1024)
    head = (TRAINING - 1) * hidden + TRAINING * product(1, 1024, CLASSES)
    return ROWS * (trunk + EPOCHS * head)


@cache
def program() -> kspec.Program:
    """The spec."""
    return kspec.compile_text(SPEC)


@cache
def weights() -> dict[str, np.ndarray]:
    """The first ones, for all; convolutions that keep the size of what passes through them."""
    first = contenders.spec_weights(program())
    rng = np.random.default_rng(0)
    for path, w in first.items():
        if path.startswith("base.") and w.ndim == 4:
            scale = np.sqrt(2 / np.prod(w.shape[:3]))
            first[path] = (scale * rng.standard_normal(w.shape)).astype(np.float32)
    return first


@cache
def data() -> dict[str, np.ndarray]:
    """What all train on."""
    return contenders.images(ROWS, (SIZE, SIZE, 3), CLASSES)


def spec() -> Run:
    """All phases of the spec; there is one."""
    return contenders.spec_fit(program(), weights(), data(), EPOCHS)


def by_keras() -> Run:
    """As the guide writes it."""
    base = keras.applications.VGG16(include_top=False, weights=None, input_shape=(SIZE, SIZE, 3))
    base.trainable = False
    inputs = keras.Input((SIZE, SIZE, 3))
    x = base(keras.layers.Rescaling(1 / 255)(inputs), training=False)
    x = keras.layers.Dense(1024, activation="relu")(keras.layers.Flatten()(x))
    model = keras.Model(inputs, keras.layers.Dense(CLASSES, activation="softmax")(x))
    optimizer = keras.optimizers.RMSprop(1e-4)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = data()["image"], data()["label"]
    return contenders.keras_fit(
        model, list(weights().values()), x, y, epochs=EPOCHS, batch=BATCH, shuffle=False
    )


def by_hand() -> Run:
    """The gradient is of the head alone."""

    def trunk(params: contenders.Params, x: jax.Array) -> jax.Array:
        for block, (_, convolutions) in enumerate(STAGES, 1):
            for number in range(1, convolutions + 1):
                path = f"base.block{block}.conv{number}"
                x = jax.lax.conv_general_dilated(
                    x,
                    params[f"{path}.kernel"],
                    (1, 1),
                    "SAME",
                    dimension_numbers=("NHWC", "HWIO", "NHWC"),
                )
                x = jax.nn.relu(x + params[f"{path}.bias"])
            window = (1, 2, 2, 1)
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, window, "VALID")
        return x

    def loss(params: contenders.Params, batch: contenders.Arrays) -> tuple[jax.Array, jax.Array]:
        x = trunk(params, batch["image"].astype(jnp.float32) / 255)
        x = x.reshape(len(x), -1)
        x = jax.nn.relu(x @ params["dense.kernel"] + params["dense.bias"])
        logits, label = x @ params["dense_1.kernel"] + params["dense_1.bias"], batch["label"]
        each = optax.softmax_cross_entropy_with_integer_labels(logits, label)
        return each.mean(), jnp.mean(logits.argmax(-1) == label)

    optimizer = optax.rmsprop(1e-4, decay=0.9, eps=1e-7)
    frozen = {path: w for path, w in weights().items() if path.startswith("base.")}
    return contenders.jax_fit(
        loss, optimizer, weights(), data(), frozen=frozen, epochs=EPOCHS, batch=BATCH, shuffle=False
    )


WORKLOAD = Workload(
    unit="ten epochs",
    units=1,
    goals={"keras": 6.0, "jax": 6.0},
    contenders={
        **{"kspec": spec, "keras": by_keras, "jax": by_hand},
        **peers.installed(keras="transfer"),
    },
    tolerance=0.01,
    floor=Floor(flops=flops()),
    most=2,
)
