"""Losses: values and gradients of Keras, behind a softmax or sigmoid and without one."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.registry import names
from tests.parity.harness import (
    close,
    floats,
    keras,
    loss_and_gradient,
    probabilities,
    program,
    spell,
)

L = keras.losses
ROWS, CLASSES = 6, 5
LABELS = np.array([0, 4, 2, 2, 1, 3], np.int32)
ONE_HOT = np.eye(CLASSES, dtype=np.float32)[LABELS]
BITS = (floats(ROWS, CLASSES, seed=4) > 0).astype(np.float32)


class Case(NamedTuple):
    """A loss in both languages, its truth, and what its predictions come from."""

    name: str
    args: dict[str, Any]
    keras: Any
    field: str
    truth: np.ndarray
    behind: str  # the activation whose values it takes; "linear" for any numbers


VECTOR = f"f32[{CLASSES}]"
CASES = [
    Case(
        "sparse_categorical_crossentropy",
        {},
        L.SparseCategoricalCrossentropy,
        f"class[{CLASSES}]",
        LABELS,
        "softmax",
    ),
    Case(
        "sparse_categorical_crossentropy",
        {"from_logits": True},
        L.SparseCategoricalCrossentropy,
        f"class[{CLASSES}]",
        LABELS,
        "linear",
    ),
    Case("categorical_crossentropy", {}, L.CategoricalCrossentropy, VECTOR, ONE_HOT, "softmax"),
    Case(
        "categorical_crossentropy",
        {"label_smoothing": 0.1},
        L.CategoricalCrossentropy,
        VECTOR,
        ONE_HOT,
        "softmax",
    ),
    Case(
        "categorical_crossentropy",
        {"from_logits": True},
        L.CategoricalCrossentropy,
        VECTOR,
        ONE_HOT,
        "linear",
    ),
    Case(
        "categorical_crossentropy",
        {"axis": -1},
        L.CategoricalCrossentropy,
        VECTOR,
        probabilities(ROWS, CLASSES),
        "softmax",
    ),
    Case("binary_crossentropy", {}, L.BinaryCrossentropy, VECTOR, BITS, "sigmoid"),
    Case(
        "binary_crossentropy",
        {"label_smoothing": 0.2},
        L.BinaryCrossentropy,
        VECTOR,
        BITS,
        "sigmoid",
    ),
    Case(
        "binary_crossentropy", {"from_logits": True}, L.BinaryCrossentropy, VECTOR, BITS, "linear"
    ),
    Case(
        "mean_squared_error",
        {},
        L.MeanSquaredError,
        VECTOR,
        floats(ROWS, CLASSES, seed=5),
        "linear",
    ),
    Case(
        "mean_absolute_error",
        {},
        L.MeanAbsoluteError,
        VECTOR,
        floats(ROWS, CLASSES, seed=5),
        "linear",
    ),
]


def test_every_loss_and_argument_is_here():
    assert {case.name for case in CASES} == set(names("loss"))
    for name, cls in names("loss").items():
        tried = {key for case in CASES if case.name == name for key in case.args}
        assert tried == {arg.name for arg in cls.args}, name


def compare(case: Case, output: str, x: np.ndarray, activation: Any) -> None:
    """Loss and gradient of `output` over x, against Keras' loss of `activation(x)`."""
    call = f"{case.name}(truth, p{spell(case.args, ', ')})"
    run = program(
        f"  input x : {VECTOR}\n  output p = {output}",
        f"  loss = {call}\n  optimizer = sgd(0.1)",
        f"  x : {VECTOR}\n  truth : {case.field}",
    )
    ours, gradient = loss_and_gradient(run, {"x": x, "truth": case.truth}, "x")
    loss = case.keras(**case.args)
    theirs, expected = jax.value_and_grad(lambda x: loss(case.truth, activation(x)))(x)
    close(ours, theirs)
    close(gradient, expected, 1e-4, 1e-6)


IDS = [f"{case.name}{spell(case.args, ', ')}" for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_loss_of_plain_predictions_is_that_of_keras(case: Case):
    x = floats(ROWS, CLASSES)
    if case.behind == "softmax":
        x = probabilities(ROWS, CLASSES, seed=7)
    elif case.behind == "sigmoid":
        x = np.asarray(jax.nn.sigmoid(x))
    compare(case, "x", x, lambda x: x)


@pytest.mark.parametrize("case", [c for c in CASES if c.behind != "linear"], ids=lambda c: c.name)
def test_loss_behind_its_activation_is_that_of_keras(case: Case):
    """The compiler takes these from logits, Keras from clipped probabilities."""
    compare(
        case, f"x -> {case.behind}", floats(ROWS, CLASSES), getattr(keras.activations, case.behind)
    )


@pytest.mark.parametrize("case", [c for c in CASES if c.behind != "linear"], ids=lambda c: c.name)
def test_loss_of_certain_predictions_is_clipped_as_in_keras(case: Case):
    """Probabilities of 0 and 1 give a finite loss, unless the compiler has the logits."""
    x = np.eye(CLASSES, dtype=np.float32)[(LABELS + 1) % CLASSES]
    compare(case, "x", x, lambda x: x)


def test_a_loss_from_far_logits_stays_exact():
    """Where a clipped probability would lose the gradient, logits keep it."""
    run = program(
        f"  input x : {VECTOR}\n  output p = x -> softmax",
        "  loss = sparse_categorical_crossentropy(truth, p)\n  optimizer = sgd(0.1)",
        f"  x : {VECTOR}\n  truth : class[{CLASSES}]",
    )
    x = np.zeros((ROWS, CLASSES), np.float32)
    x[np.arange(ROWS), LABELS] = -200
    value, gradient = loss_and_gradient(run, {"x": x, "truth": LABELS}, "x")
    assert value == pytest.approx(200 + np.log(CLASSES - 1), rel=1e-6)
    assert np.abs(gradient).max() == pytest.approx(1 / ROWS, rel=1e-5)


def test_expressions_of_losses_add_up():
    """0.7 of one loss and another, as a compiled Keras model would weigh them."""
    run = program(
        f"  input x : {VECTOR}\n  output p = x",
        "  loss = 0.7 * mean_squared_error(truth, p) + mean_absolute_error(truth, p)\n"
        "  optimizer = sgd(0.1)",
        f"  x : {VECTOR}\n  truth : {VECTOR}",
    )
    x, truth = floats(ROWS, CLASSES), floats(ROWS, CLASSES, seed=1)
    value, _ = loss_and_gradient(run, {"x": x, "truth": truth}, "x")
    expected = 0.7 * L.MeanSquaredError()(truth, x) + L.MeanAbsoluteError()(truth, x)
    close(value, jnp.asarray(expected))
