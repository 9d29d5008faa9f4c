"""Layers: the same outputs and gradients as Keras from the same weights."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.registry import names
from tests.parity import layers
from tests.parity.harness import (
    GRADIENT_ATOL,
    GRADIENT_RTOL,
    by_name,
    close,
    copy_weights,
    floats,
    program,
)
from tests.parity.layers import Case, Cases, K

CASES: Cases = {
    name: cases
    for family in pkgutil.iter_modules(layers.__path__)
    for name, cases in importlib.import_module(f"tests.parity.layers.{family.name}").CASES.items()
}
ALL = [case for cases in CASES.values() for case in cases]


ELSEWHERE = {  # where the table has no room for several results, states and masks
    *("simple_rnn", "lstm", "gru", "rnn", "bidirectional", "time_distributed"),
    *("simple_rnn_cell", "lstm_cell", "gru_cell", "stacked_rnn_cells"),
    *("attention", "additive_attention", "multi_head_attention", "group_query_attention"),
}


def test_every_layer_is_here():
    assert set(CASES) | ELSEWHERE == set(names("layer"))
    assert not set(CASES) & ELSEWHERE


def operands(case: Case, rows: int = 3) -> list[np.ndarray]:
    """Arrays for the layer, one an operand."""
    if case.integers:
        rng = np.random.default_rng(0)
        return [rng.integers(0, case.integers, (rows, *s), np.int32) for s in case.shapes]
    return [floats(rows, *shape, seed=i) for i, shape in enumerate(case.shapes)]


@pytest.mark.parametrize("case", ALL, ids=lambda case: f"{case.call} {case.shapes[0]}")
def test_outputs_and_gradients_are_those_of_keras(case: Case):
    dtype = "i32" if case.integers else "f32"
    inputs = "\n".join(f"  input x{i} : {dtype}{list(s)}" for i, s in enumerate(case.shapes))
    values = ", ".join(f"x{i}" for i in range(len(case.shapes)))
    source = f"({values})" if len(case.shapes) > 1 else values
    run = program(f"{inputs}\n  output y = {source} -> {case.call}")
    xs = operands(case)
    layer = case.layer()
    layer(xs if len(xs) > 1 else xs[0])
    copy_weights(layer, run)
    frozen = [variable.value for variable in layer.non_trainable_variables]
    outputs: Any = run.executable.outputs

    def ours(params: Any, *xs: Any) -> jax.Array:
        return outputs(params, run.state["stats"], {f"x{i}": x for i, x in enumerate(xs)})["y"]

    mode = {"training": False} if "training" in inspect.signature(layer.call).parameters else {}

    def theirs(weights: Any, *xs: Any) -> jax.Array:
        given = list(xs) if len(xs) > 1 else xs[0]
        return layer.stateless_call(weights, frozen, given, **mode)[0]

    weights = [variable.value for variable in layer.trainable_variables]
    y, pull = jax.vjp(ours, run.state["params"], *xs)
    y_keras, pull_keras = jax.vjp(theirs, weights, *xs)
    close(y, y_keras)
    seed = jnp.asarray(floats(*y.shape, seed=9))
    (grads, *x_grads), (k_grads, *k_x_grads) = pull(seed), pull_keras(seed)
    named = by_name(grads)
    assert len(named) == len(weights)
    for variable, gradient in zip(layer.trainable_variables, k_grads, strict=True):
        close(named[variable.name], gradient, GRADIENT_RTOL, GRADIENT_ATOL)
    if not case.integers:
        for one, other in zip(x_grads, k_x_grads, strict=True):
            close(one, other, GRADIENT_RTOL, GRADIENT_ATOL)


TRAIN = "  loss = mean_squared_error(target, y)\n  optimizer = sgd(0.1)\n  batch = 8"


@pytest.mark.parametrize(
    ("call", "layer", "shape"),
    [
        ("batch_normalization", lambda: K.BatchNormalization(), (6,)),
        ("batch_normalization(momentum=0.7)", lambda: K.BatchNormalization(momentum=0.7), (4, 6)),
        ("batch_normalization(1)", lambda: K.BatchNormalization(1), (4, 6)),
        (
            "batch_normalization(scale=false, epsilon=0.01)",
            lambda: K.BatchNormalization(scale=False, epsilon=0.01),
            (4, 6),
        ),
    ],
)
def test_batch_normalization_trains_as_in_keras(call, layer, shape):
    """Loss, moving statistics and weights over three steps."""
    fields = f"  x : f32{list(shape)}\n  target : f32{list(shape)}"
    run = program(f"  input x : f32{list(shape)}\n  output y = x -> {call}", TRAIN, fields)
    norm = layer()
    norm.build((None, *shape))
    copy_weights(norm, run)
    trainable = [v.value for v in norm.trainable_variables]
    frozen = [v.value for v in norm.non_trainable_variables]
    state = run.state
    for step in range(3):
        x, target = floats(8, *shape, seed=step) * 2 + 1, floats(8, *shape, seed=10 + step)

        def loss(weights, frozen=frozen, x=x, target=target):
            y, moved = norm.stateless_call(weights, frozen, x, training=True)
            return jnp.mean((y - target) ** 2), moved

        (value, frozen), grads = jax.value_and_grad(loss, has_aux=True)(trainable)
        trainable = [w - 0.1 * g for w, g in zip(trainable, grads, strict=True)]
        state, sums = run.executable.train_step(
            state, {"x": x, "target": target}, np.ones(8, np.float32)
        )
        close(sums["loss"]["total"] / sums["loss"]["count"], value)
    named = by_name(state["params"]) | by_name(state["stats"])
    for variables, values in (
        (norm.trainable_variables, trainable),
        (norm.non_trainable_variables, frozen),
    ):
        for variable, value in zip(variables, values, strict=True):
            close(named[variable.name], value, 1e-4, 1e-5)


def test_statistics_of_a_short_batch_are_those_of_its_rows_alone():
    """Rows that fill a batch up do not count, as if Keras saw the short batch."""
    fields = "  x : f32[4, 6]\n  target : f32[4, 6]"
    run = program("  input x : f32[4, 6]\n  output y = x -> batch_normalization", TRAIN, fields)
    norm = K.BatchNormalization()
    norm.build((None, 4, 6))
    copy_weights(norm, run)
    x, target = floats(8, 4, 6), floats(8, 4, 6, seed=1)
    mask = np.array([1, 1, 1, 1, 1, 0, 0, 0], np.float32)
    _, moved = norm.stateless_call(
        [v.value for v in norm.trainable_variables],
        [v.value for v in norm.non_trainable_variables],
        x[:5],
        training=True,
    )
    state, _ = run.executable.train_step(run.state, {"x": x, "target": target}, mask)
    named = by_name(state["stats"])
    for variable, value in zip(norm.non_trainable_variables, moved, strict=True):
        close(named[variable.name], value)


@pytest.mark.parametrize("rate", [0.0, 0.25, 0.8])
def test_dropout_keeps_the_share_and_scales_the_rest(rate):
    fields = "  x : f32[1000]\n  target : f32[1000]"
    run = program(
        f"  input x : f32[1000]\n  output y = x -> dropout({rate})",
        TRAIN,
        fields,
    )
    # The loss of each row is the mean of y^2: its mean says how many of the ones are left.
    batch = {"x": np.ones((64, 1000), np.float32), "target": np.zeros((64, 1000), np.float32)}
    train: Any = run.executable.train
    loss, _ = train({}, {}, batch, jnp.ones(64), jax.random.key(3))
    left = float(loss) * (1 - rate) ** 2
    deviation = np.sqrt(rate * (1 - rate) / batch["x"].size)
    assert abs(left - (1 - rate)) <= 5 * deviation + 1e-6
