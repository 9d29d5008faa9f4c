"""Regularizers and constraints: the loss and the weights of Keras over some steps."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.registry import names
from tests.parity.harness import Figure, close, copy_weights, floats, keras, program, spell

R, C, K = keras.regularizers, keras.constraints, keras.layers
TRAIN = "  loss = mean_squared_error(t, y)\n  optimizer = sgd(0.1)\n  batch = 8"
FIELDS = "  x : f32[6]\n  t : f32[4]"
REGULARIZERS: list[tuple[str, Any, dict[str, Any]]] = [
    ("l1", R.L1, {}),
    ("l1", R.L1, {"l1": 0.2}),
    ("l2", R.L2, {}),
    ("l2", R.L2, {"l2": 0.2}),
    ("l1_l2", R.L1L2, {"l1": 0.1, "l2": 0.2}),
    ("l1_l2", R.L1L2, {"l2": 0.2}),
    ("l1_l2", R.L1L2, {}),
    ("orthogonal_regularizer", R.OrthogonalRegularizer, {}),
    ("orthogonal_regularizer", R.OrthogonalRegularizer, {"factor": 0.5, "mode": "columns"}),
]
OF_RESULTS = [row for row in REGULARIZERS if not row[0].startswith("orthogonal")]
MASKS = (None, np.array([1, 1, 1, 1, 1, 0, 0, 0], np.float32))
CONSTRAINTS: list[tuple[str, Any, dict[str, Any]]] = [
    ("non_neg", C.NonNeg, {}),
    ("max_norm", C.MaxNorm, {}),
    ("max_norm", C.MaxNorm, {"max_value": 0.7, "axis": 1}),
    ("unit_norm", C.UnitNorm, {}),
    ("unit_norm", C.UnitNorm, {"axis": (0, 1)}),
    ("min_max_norm", C.MinMaxNorm, {}),
    (
        "min_max_norm",
        C.MinMaxNorm,
        {"min_value": 0.5, "max_value": 0.8, "rate": 0.3, "axis": 1},
    ),
]


@pytest.mark.parametrize(
    ("kind", "cases"), [("regularizer", REGULARIZERS), ("constraint", CONSTRAINTS)]
)
def test_every_name_and_argument_is_here(kind, cases):
    assert {case[0] for case in cases} == set(names(kind))
    for name, cls in names(kind).items():
        tried = {key for case in cases if case[0] == name for key in case[2]}
        assert tried == {arg.name for arg in cls.args}, name


def train(kind: str, call: str, layer: keras.Layer, mask: np.ndarray | None = None) -> None:
    """Five steps of a layer in both; losses and weights must agree."""
    run = program(f"  input x : f32[6]\n  output y = x -> {call}", TRAIN, FIELDS)
    model = keras.Sequential([keras.Input((6,)), layer])
    copy_weights(layer, run)
    state = run.state
    real = int((np.ones(8) if mask is None else mask).sum())
    trainable = [v.value for v in layer.trainable_variables]
    for step in range(5):
        x, target = floats(8, 6, seed=step), floats(8, 4, seed=20 + step)

        def loss(weights, x=x[:real], target=target[:real]):
            y, _, extra = model.stateless_call(weights, [], x, return_losses=True)
            return jnp.mean((y - target) ** 2) + sum(extra)

        value, grads = jax.value_and_grad(loss)(trainable)
        trainable = [w - 0.1 * g for w, g in zip(trainable, grads, strict=True)]
        trainable = [
            v.constraint(w) if v.constraint else w
            for v, w in zip(layer.trainable_variables, trainable, strict=True)
        ]
        rows = np.ones(8, np.float32) if mask is None else mask
        state, sums = run.executable.train_step(state, {"x": x, "t": target}, rows)
        close(sums["loss"]["total"] / sums["loss"]["count"], value, figure=Figure(kind, ""))
    for variable, value in zip(layer.trainable_variables, trainable, strict=True):
        ours = state["params"]["dense"][variable.name]
        close(ours, value, 1e-5, 1e-6, figure=Figure(kind, ""))


@pytest.mark.parametrize(("name", "cls", "args"), REGULARIZERS)
def test_a_penalty_on_a_weight_is_that_of_keras(name, cls, args):
    call = f"dense(4, kernel_regularizer={name}({spell(args)}))"
    train("regularizer", call, K.Dense(4, kernel_regularizer=cls(**args)))


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize(("name", "cls", "args"), OF_RESULTS)
def test_a_penalty_on_a_result_is_that_of_keras_on_the_real_rows(name, cls, args, mask):
    call = f"dense(4, activity_regularizer={name}({spell(args)}))"
    train("regularizer", call, K.Dense(4, activity_regularizer=cls(**args)), mask)


@pytest.mark.parametrize(("name", "cls", "args"), CONSTRAINTS)
def test_a_constraint_is_that_of_keras(name, cls, args):
    call = f"dense(4, kernel_constraint={name}({spell(args)}), bias_constraint=non_neg)"
    train("constraint", call, K.Dense(4, kernel_constraint=cls(**args), bias_constraint=C.NonNeg()))


def test_frozen_weights_have_no_penalty_and_no_constraint():
    run = program(
        "  input x : f32[6]\n  share a = dense(4, kernel_regularizer=l2(1), "
        "kernel_constraint=unit_norm)\n  output y = x -> a -> dense(4)",
        TRAIN + "\n  freeze a",
        FIELDS,
    )
    plain = program(
        "  input x : f32[6]\n  share a = dense(4)\n  output y = x -> a -> dense(4)",
        TRAIN + "\n  freeze a",
        FIELDS,
    )
    for path, value in run.weights.items():
        plain.weights[path] = value
    batch = {"x": floats(8, 6), "t": floats(8, 4)}
    results = [
        each.executable.train_step(each.state, batch, np.ones(8, np.float32))
        for each in (run, plain)
    ]
    for one, other in zip(*(jax.tree.leaves((s["params"], u)) for s, u in results), strict=True):
        close(one, other, 0, 0)
