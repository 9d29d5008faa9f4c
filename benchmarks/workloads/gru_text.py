"""A GRU reads texts: a step.

Source: the text classifiers of the Keras guide, an embedding, a recurrent layer and one score:
200 words of 10,000, an embedding of 128, a GRU of 64, batches of 32, with RMSprop. By hand it is
a `lax.scan` over the words, with the GRU that Keras has (`reset_after`). All keep the order of
the data.

Floor: the products of the GRU, forward and backward.
"""

from __future__ import annotations

from functools import cache
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

WORDS, VOCABULARY, WIDTH, UNITS, BATCH, STEPS = 200, 10_000, 128, 64, 32, 20
SPEC = """
data reviews {
  source = arrays()
  review : i32[200]
  liked : class[2]
}

model Opinion {
  input review : i32[200]
  output score = review -> embedding(10_000, 128) -> gru(64) -> dense(1, sigmoid)
}

train {
  model     = Opinion
  data      = reviews
  loss      = binary_crossentropy(liked, score)
  metrics   = [binary_accuracy(liked, score)]
  optimizer = rmsprop(1e-3)
  batch     = 32
  shuffle   = false
}
"""


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
    """Texts; half of the labels are told by the last words."""
    rows = BATCH * STEPS
    review = contenders.token_rows(rows, WORDS, VOCABULARY)
    guess = np.random.default_rng(1).random(rows)
    liked = np.where(guess < 0.5, guess < 0.25, review[:, -1] > 99)
    return {"review": review, "liked": liked.astype(np.int32)}


def spec() -> Run:
    """The spec."""
    return contenders.spec_fit(program(), weights(), data(), 1)


def by_keras() -> Run:
    """As the guide writes it."""
    embedding = keras.layers.Embedding(VOCABULARY, WIDTH)
    layers = [embedding, keras.layers.GRU(UNITS), keras.layers.Dense(1, activation="sigmoid")]
    model = keras.Sequential([keras.Input((WORDS,), dtype="int32"), *layers])
    model.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
    x, y = data()["review"], data()["liked"]
    return contenders.keras_fit(model, list(weights().values()), x, y, batch=BATCH, shuffle=False)


def by_hand() -> Run:
    """A scan over the words."""

    def encode(params: contenders.Params, tokens: jax.Array) -> jax.Array:
        x = params["embedding.embeddings"][tokens]
        kernel, recurrent = params["gru.kernel"], params["gru.recurrent_kernel"]
        bias, recurrent_bias = params["gru.bias"]

        def word(h: jax.Array, x: jax.Array) -> tuple[jax.Array, None]:
            of_x = jnp.split(x @ kernel + bias, 3, axis=-1)
            of_h = jnp.split(h @ recurrent + recurrent_bias, 3, axis=-1)
            update = jax.nn.sigmoid(of_x[0] + of_h[0])
            reset = jax.nn.sigmoid(of_x[1] + of_h[1])
            new = jnp.tanh(of_x[2] + reset * of_h[2])
            return update * h + (1 - update) * new, None

        return jax.lax.scan(word, jnp.zeros((len(tokens), UNITS)), x.swapaxes(0, 1))[0]

    def loss(params: contenders.Params, batch: contenders.Arrays) -> tuple[jax.Array, jax.Array]:
        h, liked = encode(params, batch["review"]), batch["liked"][:, None]
        logits = h @ params["dense.kernel"] + params["dense.bias"]
        each = optax.sigmoid_binary_cross_entropy(logits, liked)
        return each.mean(), jnp.mean((logits > 0) == liked)

    optimizer = optax.rmsprop(1e-3, decay=0.9, eps=1e-7)
    return contenders.jax_fit(loss, optimizer, weights(), data(), batch=BATCH, shuffle=False)


def by_torch(compiled: bool) -> Run:
    """The GRU of `torch.nn`, whose gates have another order."""
    import torch

    class Opinion(torch.nn.Module):
        """Embedding, GRU, score."""

        def __init__(self) -> None:
            super().__init__()
            self.embedding = torch.nn.Embedding(VOCABULARY, WIDTH)
            self.gru = torch.nn.GRU(WIDTH, UNITS, batch_first=True)
            self.dense = torch.nn.Linear(UNITS, 1)

        def forward(self, review: Any) -> Any:
            """The logits."""
            return self.dense(self.gru(self.embedding(review))[0][:, -1])[:, 0]

    def loss(model: Any, batch: Any) -> Any:
        logits, liked = model(batch["review"]), batch["liked"]
        right = ((logits > 0) == (liked > 0)).sum()
        return torch.nn.functional.binary_cross_entropy_with_logits(logits, liked), right

    def gates(each: np.ndarray) -> Any:
        update, reset, new = np.split(each, 3, axis=-1)
        return torch.tensor(np.concatenate([reset, update, new], axis=-1).T)

    model, first = Opinion(), weights()
    state = peers.torch_linears(first, {"dense": "dense"})
    state["embedding.weight"] = torch.tensor(first["embedding.embeddings"])
    state["gru.weight_ih_l0"] = gates(first["gru.kernel"])
    state["gru.weight_hh_l0"] = gates(first["gru.recurrent_kernel"])
    state["gru.bias_ih_l0"], state["gru.bias_hh_l0"] = map(gates, first["gru.bias"])
    model.load_state_dict(state)
    optimizer = peers.torch_rmsprop(model, 1e-3)
    arrays = {**data(), "liked": data()["liked"].astype(np.float32)}
    return peers.torch_fit(
        model, optimizer, loss, arrays, batch=BATCH, shuffle=False, compiled=compiled
    )


WORKLOAD = Workload(
    unit="step",
    units=STEPS,
    goals={"keras": 1.5, "jax": 1.1},
    contenders={
        **{"kspec": spec, "keras": by_keras, "jax": by_hand},
        **peers.installed(keras="gru_text", torch=by_torch, loops=True),
    },
    tolerance=0.01,
    wider=peers.SPARSE,
    floor=Floor(flops=TRAINING * BATCH * WORDS * product(1, WIDTH + UNITS, 3 * UNITS)),
)
