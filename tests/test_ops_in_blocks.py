"""Ops in blocks and losses: layers written out of them train as the layers do."""

from __future__ import annotations

import numpy as np
import pytest

import kspec

OWN = """
block Own(filters, size) {
  input x : f32[H, W, C]
  weight kernel : f32[size, size, C, filters]
  weight bias : f32[filters] = zeros
  output add(conv(x, kernel, padding="same"), bias)
}

block Gated(units) {
  input x : f32[..., D]
  weight kernel : f32[D, units]
  weight bias : f32[units] = zeros
  y = einsum("bi,ij->bj", x, kernel) + bias
  output y[:units // 2] * sigmoid(y[units // 2:])
}
"""
TEXT = """
data d {
  source = arrays()
  x : f32[6, 6, 2]
  y : f32[4]
}

model Net {
  input x : f32[6, 6, 2]
  h = x -> FIRST -> relu -> max_pooling2d(2)
  output z = h -> flatten -> SECOND
}

train {
  model = Net
  data = d
  loss = LOSS
  metrics = { worst: METRIC }
  optimizer = sgd(0.05)
  batch = 8
  epochs = 3
}
"""
LAYERS = {"FIRST": "conv2d(3, 3, padding=same)", "SECOND": "dense(8, glu)"}
BLOCKS = {"FIRST": 'Own(3, 3, name="conv2d")', "SECOND": 'Gated(8, name="dense")'}


def train(words: dict[str, str]) -> kspec.Run:
    """A run of three epochs; the last batch of each has rows that do not count."""
    text = OWN * ("Own" in words["FIRST"]) + TEXT
    for word, means in words.items():
        text = text.replace(word, means)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 6, 6, 2)), rng.normal(size=(20, 4))
    arrays = {"train": {"x": x.astype(np.float32), "y": y.astype(np.float32)}}
    return kspec.compile_text(text).fit(arrays, quiet=True)


def test_layers_of_ops_train_as_the_layers_themselves():
    """A block has a `y` of its own, which is not the field of that name."""
    plain = {"LOSS": "mean_squared_error(y, z)", "METRIC": "max(abs(y - z))"}
    spelt = {
        "LOSS": "divide(vdot(y - z, y - z), 4)",
        "METRIC": "norm(subtract(y, z), ord=inf)",
    }
    layers, blocks = train(LAYERS | plain), train(BLOCKS | spelt)
    assert set(layers.weights) == set(blocks.weights)
    for ours, theirs in zip(layers.history, blocks.history, strict=True):
        assert ours["train"] == pytest.approx(theirs["train"], rel=1e-4)
    for path, weight in layers.weights.items():
        np.testing.assert_allclose(weight, blocks.weights[path], rtol=1e-3, atol=1e-5)
