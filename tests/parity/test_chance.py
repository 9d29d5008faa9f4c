"""Layers that draw in training: the same as Keras by the same key, moments, and penalties."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.parity.harness import close, floats, loss_and_gradient, program
from tests.parity.layers import K

TRAIN = "  loss = mean_squared_error(target, y)\n  optimizer = sgd(0.1)\n  batch = 8"
LAYERS = [
    ("dropout(0.4)", lambda: K.Dropout(0.4), (5, 6)),
    ("dropout(0.4, (none, 1, none))", lambda: K.Dropout(0.4, (None, 1, None)), (5, 6)),
    ("dropout(0.4, (1, none, 6))", lambda: K.Dropout(0.4, (1, None, 6)), (5, 6)),
    ("alpha_dropout(0.4)", lambda: K.AlphaDropout(0.4), (5, 6)),
    ("alpha_dropout(0.4, (none, 5, 1))", lambda: K.AlphaDropout(0.4, (None, 5, 1)), (5, 6)),
    ("gaussian_dropout(0.3)", lambda: K.GaussianDropout(0.3), (5, 6)),
    ("gaussian_noise(0.3)", lambda: K.GaussianNoise(0.3), (5, 6)),
    ("spatial_dropout1d(0.4)", lambda: K.SpatialDropout1D(0.4), (5, 6)),
    ("spatial_dropout2d(0.4)", lambda: K.SpatialDropout2D(0.4), (3, 2, 6)),
    ("spatial_dropout3d(0.4)", lambda: K.SpatialDropout3D(0.4), (3, 2, 2, 6)),
]


def trained(call: str, x: np.ndarray) -> np.ndarray:
    """What a layer gives in training: the loss's gradient to the target tells."""
    shape = list(x.shape[1:])
    fields = f"  x : f32{shape}\n  target : f32{shape}"
    run = program(f"  input x : f32{shape}\n  output y = x -> {call}", TRAIN, fields)
    _, gradient = loss_and_gradient(run, {"x": x, "target": np.zeros_like(x)}, "target")
    return -gradient * x.size / 2


@pytest.mark.parametrize(("call", "layer", "shape"), LAYERS)
def test_the_same_key_draws_the_same_as_in_keras(call, layer, shape):
    x = floats(8, *shape)
    theirs = layer()
    theirs.seed_generator = jax.random.fold_in(jax.random.key(0), 0)
    close(trained(call, x), theirs(x, training=True), 1e-5, 1e-5)


@pytest.mark.parametrize(
    ("call", "mean", "variance", "support"),
    [
        ("dropout(0.25)", 0, 1 / 0.75, None),
        ("alpha_dropout(0.25)", 0, 1, None),
        ("gaussian_dropout(0.25)", 0, 1 + 1 / 3, None),
        ("gaussian_noise(0.5)", 0, 1.25, None),
        ("spatial_dropout1d(0.25)", 0, 1 / 0.75, None),
    ],
)
def test_moments_are_those_of_the_distribution(call, mean, variance, support):
    """Of normal operands of mean 0 and variance 1, within five standard deviations."""
    y = trained(call, floats(256, 2, 200))
    assert abs(y.mean() - mean) < 5 * np.sqrt(variance / y.size) * np.sqrt(2)
    assert abs(y.var() - variance) < 0.03


@pytest.mark.parametrize("rate", [0.25, 0.8])
@pytest.mark.parametrize("name", ["dropout", "spatial_dropout1d", "alpha_dropout"])
def test_a_share_is_kept_and_all_kept_elements_are_alike(name, rate):
    y = trained(f"{name}({rate})", np.ones((64, 4, 100), np.float32))
    values = np.unique(np.round(y, 4))
    assert len(values) == 2  # the dropped and the kept
    draws = y[:, :1] if name == "spatial_dropout1d" else y
    kept = np.mean(draws > values.mean())
    assert abs(kept - (1 - rate)) < 5 * np.sqrt(rate * (1 - rate) / draws.size)
    if name == "spatial_dropout1d":
        close(y, np.broadcast_to(y[:, :1], y.shape), 0, 0)


@pytest.mark.parametrize("name", ["dropout", "gaussian_noise", "gaussian_dropout"])
def test_at_rate_0_nothing_happens(name):
    x = floats(8, 6)
    close(trained(f"{name}(0)", x), x, 1e-6, 1e-6)


def test_activity_regularization_puts_a_penalty_on_the_real_rows():
    fields = "  x : f32[6]\n  target : f32[6]"
    body = "  input x : f32[6]\n  output y = x -> activity_regularization(0.1, 0.2)"
    run = program(body, TRAIN, fields)
    x, target = floats(8, 6), floats(8, 6, seed=1)
    layer = K.ActivityRegularization(0.1, 0.2)
    y = layer(x[:5])
    expected = jnp.mean((y - target[:5]) ** 2) + sum(layer.losses)
    train: Any = run.executable.train
    rows = jnp.asarray([1, 1, 1, 1, 1, 0, 0, 0], jnp.float32)
    batch = {"x": x, "target": target}
    close(train({}, {}, batch, rows, jax.random.key(0))[0], expected)
