"""A decoder of twelve layers: a step.

Source: GPT as its paper has it, small: twelve layers of causal attention with 4 heads and of a
dense layer of four times the width, normalized before, of width 256, on 128 tokens of 1,000, in
batches of 8, with Adam. By hand the layers are a Python loop. All keep the order of the data.

Floor: the products, forward and backward; or what Adam reads and writes.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import contenders, peers
from benchmarks.floors import ADAM, FLOAT, TRAINING, product
from benchmarks.harness import Floor, Run, Workload

if TYPE_CHECKING:  # imported where they are used: `decoder_start` times that
    import jax
    import keras

    import kspec

DEPTH, WIDTH, HEADS, TOKENS, VOCABULARY, BATCH, STEPS = 12, 256, 4, 128, 1_000, 8, 4
PATHS = ["decoder_layer", *(f"decoder_layer_{number}" for number in range(1, DEPTH))]
SPEC = """
data texts {
  source = arrays()
  tokens : i32[128]
  next : i32[128]
}

block DecoderLayer(width, heads) {
  input x : f32[T, width]
  y = x -> layer_normalization
  x = x + (y -> multi_head_attention(heads, width // heads, use_causal_mask=true))
  output x + (x -> layer_normalization -> dense(4 * width, gelu) -> dense(width))
}

model Decoder {
  input tokens : i32[128]
  x = tokens -> embedding(1_000, 256)
  repeat 12 { x = x -> DecoderLayer(256, heads=4) }
  output scores = x -> layer_normalization -> dense(1_000)
}

train {
  model     = Decoder
  data      = texts
  loss      = sparse_categorical_crossentropy(next, scores, from_logits=true)
  optimizer = adam(1e-4)
  batch     = 8
  shuffle   = false
}
"""


def floor() -> Floor:
    """Of a step."""
    attention = 2 * product(TOKENS, WIDTH, TOKENS)
    layer = product(TOKENS, WIDTH, (4 + 4 + 4) * WIDTH) + attention
    forward = DEPTH * layer + product(TOKENS, WIDTH, VOCABULARY)
    numbers = DEPTH * 12 * WIDTH**2 + 2 * VOCABULARY * WIDTH
    return Floor(flops=TRAINING * BATCH * forward, bytes=ADAM * FLOAT * numbers)


@cache
def program() -> kspec.Program:
    """The spec."""
    import kspec

    return kspec.compile_text(SPEC)


@cache
def weights() -> dict[str, np.ndarray]:
    """The first ones, for all."""
    return contenders.spec_weights(program())


def data(steps: int = STEPS) -> dict[str, np.ndarray]:
    """Rows of words, and the next words."""
    tokens = contenders.token_rows(BATCH * steps, TOKENS + 1, VOCABULARY)
    return {"tokens": tokens[:, :-1].copy(), "next": tokens[:, 1:].copy()}


def spec() -> Run:
    """The spec."""
    return contenders.spec_fit(program(), weights(), data(), 1)


def keras_model() -> keras.Model:
    """The functional API."""
    import keras

    layers = keras.layers
    tokens = keras.Input((TOKENS,), dtype="int32")
    x = layers.Embedding(VOCABULARY, WIDTH)(tokens)
    for _ in range(DEPTH):
        y = layers.LayerNormalization()(x)
        y = layers.MultiHeadAttention(HEADS, WIDTH // HEADS)(y, y, use_causal_mask=True)
        x = layers.add([x, y])
        y = layers.Dense(4 * WIDTH, activation="gelu")(layers.LayerNormalization()(x))
        x = layers.add([x, layers.Dense(WIDTH)(y)])
    model = keras.Model(tokens, layers.Dense(VOCABULARY)(layers.LayerNormalization()(x)))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-4), loss)
    return model


def by_keras() -> Run:
    """Keras' attention is XLA's here, too."""
    x, y = data()["tokens"], data()["next"]
    return contenders.keras_fit(
        keras_model(), list(weights().values()), x, y, batch=BATCH, shuffle=False
    )


def normalized(x: jax.Array, params: contenders.Params, path: str) -> jax.Array:
    """Layer normalization."""
    import jax

    x = (x - x.mean(-1, keepdims=True)) * jax.lax.rsqrt(x.var(-1, keepdims=True) + 1e-3)
    return x * params[f"{path}.gamma"] + params[f"{path}.beta"]


def attended(x: jax.Array, params: contenders.Params, path: str) -> jax.Array:
    """Causal attention of all heads."""
    import jax
    import jax.numpy as jnp

    query, key, value = (
        jnp.einsum("btw,whd->bthd", x, params[f"{path}.{name}.kernel"])
        + params[f"{path}.{name}.bias"]
        for name in ("query", "key", "value")
    )
    y = jax.nn.dot_product_attention(query, key, value, is_causal=True)
    y = jnp.einsum("bthd,hdw->btw", y, params[f"{path}.attention_output.kernel"])
    return y + params[f"{path}.attention_output.bias"]


def loss(params: contenders.Params, batch: contenders.Arrays) -> jax.Array:
    """Of the next words, by hand."""
    import jax
    import optax

    x = params["embedding.embeddings"][batch["tokens"]]
    for path in PATHS:
        y = normalized(x, params, f"{path}.layer_normalization")
        x = x + attended(y, params, f"{path}.multi_head_attention")
        y = normalized(x, params, f"{path}.layer_normalization_1")
        y = y @ params[f"{path}.dense.kernel"] + params[f"{path}.dense.bias"]
        y = jax.nn.gelu(y, approximate=False)
        x = x + y @ params[f"{path}.dense_1.kernel"] + params[f"{path}.dense_1.bias"]
    x = normalized(x, params, "layer_normalization")
    logits = x @ params["dense.kernel"] + params["dense.bias"]
    return optax.softmax_cross_entropy_with_integer_labels(logits, batch["next"]).mean()


def first_weights() -> dict[str, Any]:
    """Drawn by hand."""
    import jax
    import jax.numpy as jnp

    key = iter(jax.random.split(jax.random.key(0), 100))
    draw = jax.nn.initializers.glorot_uniform()
    weights: dict[str, Any] = {}

    def dense(path: str, *shape: int, bias: tuple[int, ...]) -> None:
        weights[f"{path}.kernel"] = draw(next(key), shape)
        weights[f"{path}.bias"] = jnp.zeros(bias)

    def normalization(path: str) -> None:
        weights[f"{path}.gamma"], weights[f"{path}.beta"] = jnp.ones(WIDTH), jnp.zeros(WIDTH)

    size = HEADS, WIDTH // HEADS
    embeddings = jax.random.uniform(next(key), (VOCABULARY, WIDTH), minval=-0.05, maxval=0.05)
    weights["embedding.embeddings"] = embeddings
    for path in PATHS:
        normalization(f"{path}.layer_normalization")
        for name in ("query", "key", "value"):
            dense(f"{path}.multi_head_attention.{name}", WIDTH, *size, bias=size)
        dense(f"{path}.multi_head_attention.attention_output", *size, WIDTH, bias=(WIDTH,))
        normalization(f"{path}.layer_normalization_1")
        dense(f"{path}.dense", WIDTH, 4 * WIDTH, bias=(4 * WIDTH,))
        dense(f"{path}.dense_1", 4 * WIDTH, WIDTH, bias=(WIDTH,))
    normalization("layer_normalization")
    dense("dense", WIDTH, VOCABULARY, bias=(VOCABULARY,))
    return weights


def hand_fit(first: contenders.Arrays, arrays: contenders.Arrays) -> Run:
    """From those first weights on that data."""
    import optax

    optimizer = optax.adam(1e-4, eps=1e-7)
    return contenders.jax_fit(loss, optimizer, first, arrays, batch=BATCH, shuffle=False)


def by_hand() -> Run:
    """A loop over the layers."""
    return hand_fit(weights(), data())


WORKLOAD = Workload(
    unit="step",
    units=STEPS,
    goals={"keras": 1.1, "jax": 1.0},
    contenders={
        **{"kspec": spec, "keras": by_keras, "jax": by_hand},
        **peers.installed(keras="decoder"),
    },
    tolerance=0.01,
    floor=floor(),
)
