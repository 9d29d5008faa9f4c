"""The siamese LSTM of the Keras guide: a step of one encoder that reads two sentences.

Source: "Shared layers" of the guide to the functional API of Keras: one LSTM for both
sentences, and a layer on what it makes of them, with RMSprop; here on 100 words of 10,000, with
an embedding of 128, an LSTM of 64 and batches of 32. Keras calls the encoder twice, as the guide
does; by hand, too, with `lax.scan` over the words. All keep the order of the data.

Floor: the products of the two sentences' LSTM, forward and backward.
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

WORDS, VOCABULARY, WIDTH, UNITS, BATCH, STEPS = 100, 10_000, 128, 64, 32, 20
SPEC = """
data pairs {
  source = arrays()
  left : i32[100]
  right : i32[100]
  same : class[2]
}

model Siamese {
  input left, right : i32[100]
  share encode = embedding(10_000, 128) -> lstm(64)
  output match = concatenate(left -> encode, right -> encode) -> dense(1, sigmoid)
}

train {
  model     = Siamese
  data      = pairs
  loss      = binary_crossentropy(same, match)
  metrics   = [binary_accuracy(same, match)]
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
    """Pairs of sentences; half of the labels are told by the first words."""
    rows = BATCH * STEPS
    both = contenders.token_rows(2 * rows, WORDS, VOCABULARY)
    left, right = both[:rows], both[rows:]
    guess = np.random.default_rng(1).random(rows)
    told = left[:, 0] > right[:, 0]
    same = np.where(guess < 0.5, guess < 0.25, told)
    return {"left": left, "right": right, "same": same.astype(np.int32)}


def spec() -> Run:
    """The spec."""
    return contenders.spec_fit(program(), weights(), data(), 1)


def by_keras() -> Run:
    """As the guide writes it."""
    left, right = keras.Input((WORDS,), dtype="int32"), keras.Input((WORDS,), dtype="int32")
    embedding = keras.layers.Embedding(VOCABULARY, WIDTH)
    lstm = keras.layers.LSTM(UNITS)
    both = keras.layers.concatenate([lstm(embedding(left)), lstm(embedding(right))])
    model = keras.Model([left, right], keras.layers.Dense(1, activation="sigmoid")(both))
    model.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
    x, y = [data()["left"], data()["right"]], data()["same"]
    return contenders.keras_fit(model, list(weights().values()), x, y, batch=BATCH, shuffle=False)


def by_hand() -> Run:
    """The encoder is a function that is called twice."""

    def encode(params: contenders.Params, tokens: jax.Array) -> jax.Array:
        x = params["encode.embedding.embeddings"][tokens]
        kernel, recurrent = params["encode.lstm.kernel"], params["encode.lstm.recurrent_kernel"]

        def word(state: tuple[jax.Array, jax.Array], x: jax.Array) -> tuple[object, None]:
            h, c = state
            gates = x @ kernel + h @ recurrent + params["encode.lstm.bias"]
            i, f, g, o = jnp.split(gates, 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

        zeros = jnp.zeros((len(tokens), UNITS))
        (h, _), _ = jax.lax.scan(word, (zeros, zeros), x.swapaxes(0, 1))
        return h

    def loss(params: contenders.Params, batch: contenders.Arrays) -> tuple[jax.Array, jax.Array]:
        both = [encode(params, batch["left"]), encode(params, batch["right"])]
        logits = jnp.concatenate(both, -1) @ params["dense.kernel"] + params["dense.bias"]
        same = batch["same"][:, None]
        each = optax.sigmoid_binary_cross_entropy(logits, same)
        return each.mean(), jnp.mean((logits > 0) == same)

    optimizer = optax.rmsprop(1e-3, decay=0.9, eps=1e-7)
    return contenders.jax_fit(loss, optimizer, weights(), data(), batch=BATCH, shuffle=False)


def by_torch(compiled: bool) -> Run:
    """The LSTM of `torch.nn`, called twice."""
    import torch

    class Siamese(torch.nn.Module):
        """One encoder for both sentences, and a score."""

        def __init__(self) -> None:
            super().__init__()
            self.embedding = torch.nn.Embedding(VOCABULARY, WIDTH)
            self.lstm = torch.nn.LSTM(WIDTH, UNITS, batch_first=True)
            self.dense = torch.nn.Linear(2 * UNITS, 1)

        def forward(self, left: Any, right: Any) -> Any:
            """The logits."""
            both = [self.lstm(self.embedding(each))[0][:, -1] for each in (left, right)]
            return self.dense(torch.cat(both, -1))[:, 0]

    def loss(model: Any, batch: Any) -> Any:
        logits, same = model(batch["left"], batch["right"]), batch["same"]
        right = ((logits > 0) == (same > 0)).sum()
        return torch.nn.functional.binary_cross_entropy_with_logits(logits, same), right

    model, first = Siamese(), weights()
    state = peers.torch_linears(first, {"dense": "dense"})
    state["embedding.weight"] = torch.tensor(first["encode.embedding.embeddings"])
    state["lstm.weight_ih_l0"] = torch.tensor(first["encode.lstm.kernel"].T)
    state["lstm.weight_hh_l0"] = torch.tensor(first["encode.lstm.recurrent_kernel"].T)
    state["lstm.bias_ih_l0"] = torch.tensor(first["encode.lstm.bias"])
    state["lstm.bias_hh_l0"] = torch.zeros(4 * UNITS)
    model.load_state_dict(state)
    model.lstm.bias_hh_l0.requires_grad_(False)  # its second bias, which Keras does not have
    optimizer = peers.torch_rmsprop(model, 1e-3)
    arrays = {**data(), "same": data()["same"].astype(np.float32)}
    return peers.torch_fit(
        model, optimizer, loss, arrays, batch=BATCH, shuffle=False, compiled=compiled
    )


WORKLOAD = Workload(
    unit="step",
    units=STEPS,
    goals={"keras": 2.0, "jax": 1.2},
    contenders={
        **{"kspec": spec, "keras": by_keras, "jax": by_hand},
        **peers.installed(keras="siamese", torch=by_torch, loops=True),
    },
    tolerance=0.01,
    wider=peers.SPARSE,
    floor=Floor(flops=TRAINING * 2 * BATCH * WORDS * product(1, WIDTH + UNITS, 4 * UNITS)),
)
