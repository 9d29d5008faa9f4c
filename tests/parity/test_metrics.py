"""Metrics: over several batches, the last one short, the result of Keras' metric."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import numpy as np
import pytest

from kspec.registry import names
from tests.parity.harness import close, floats, keras, probabilities, program, spell

M = keras.metrics
BATCH, CLASSES, SHORT = 8, 5, 3
RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, CLASSES, 3 * BATCH).astype(np.int32)
ONE_HOT = np.eye(CLASSES, dtype=np.float32)[LABELS]
BITS = RNG.integers(0, 2, (3 * BATCH, CLASSES)).astype(np.float32)
SCORES = probabilities(3 * BATCH, CLASSES)
CHANCES = np.asarray(jax.nn.sigmoid(floats(3 * BATCH, CLASSES)))
VECTOR = f"f32[{CLASSES}]"


class Case(NamedTuple):
    """A metric in both languages with its truth and its predictions."""

    name: str
    args: dict[str, Any]
    keras: Any
    field: str
    truth: np.ndarray
    predicted: np.ndarray


CASES = [
    Case(
        "sparse_categorical_accuracy",
        {},
        M.SparseCategoricalAccuracy,
        f"class[{CLASSES}]",
        LABELS,
        SCORES,
    ),
    Case("categorical_accuracy", {}, M.CategoricalAccuracy, VECTOR, ONE_HOT, SCORES),
    Case("binary_accuracy", {}, M.BinaryAccuracy, VECTOR, BITS, CHANCES),
    Case("binary_accuracy", {"threshold": 0.7}, M.BinaryAccuracy, VECTOR, BITS, CHANCES),
    Case(
        "sparse_categorical_crossentropy",
        {},
        M.SparseCategoricalCrossentropy,
        f"class[{CLASSES}]",
        LABELS,
        SCORES,
    ),
    Case(
        "sparse_categorical_crossentropy",
        {"from_logits": True},
        M.SparseCategoricalCrossentropy,
        f"class[{CLASSES}]",
        LABELS,
        floats(3 * BATCH, CLASSES),
    ),
    Case(
        "categorical_crossentropy",
        {"label_smoothing": 0.1},
        M.CategoricalCrossentropy,
        VECTOR,
        ONE_HOT,
        SCORES,
    ),
    Case(
        "categorical_crossentropy",
        {"from_logits": True},
        M.CategoricalCrossentropy,
        VECTOR,
        ONE_HOT,
        floats(3 * BATCH, CLASSES),
    ),
    Case(
        "binary_crossentropy", {"label_smoothing": 0.1}, M.BinaryCrossentropy, VECTOR, BITS, CHANCES
    ),
    Case(
        "binary_crossentropy",
        {"from_logits": True},
        M.BinaryCrossentropy,
        VECTOR,
        BITS,
        floats(3 * BATCH, CLASSES),
    ),
    Case("mean_squared_error", {}, M.MeanSquaredError, VECTOR, BITS, CHANCES),
    Case("mean_absolute_error", {}, M.MeanAbsoluteError, VECTOR, BITS, CHANCES),
]


def test_every_metric_and_argument_is_here():
    assert {case.name for case in CASES} == set(names("metric"))
    for name, cls in names("metric").items():
        tried = {key for case in CASES if case.name == name for key in case.args}
        assert tried == {arg.name for arg in cls.args}, name


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}{spell(case.args, ', ')}")
def test_a_metric_over_batches_is_that_of_keras(case: Case):
    run = program(
        f"  input x : {VECTOR}\n  output p = x",
        "  loss = mean_squared_error(x, p)\n  optimizer = sgd(0.1)\n"
        f"  metrics = [{case.name}(truth, p{spell(case.args, ', ')})]",
        f"  x : {VECTOR}\n  truth : {case.field}",
    )
    theirs = case.keras(**case.args)
    total: Any = None
    for first, real in ((0, BATCH), (BATCH, BATCH), (2 * BATCH, SHORT)):
        rows = slice(first, first + BATCH)
        mask = (np.arange(BATCH) < real).astype(np.float32)
        batch = {"x": case.predicted[rows], "truth": case.truth[rows]}
        sums = run.executable.eval_step(run.state, batch, mask)
        total = sums if total is None else jax.tree.map(lambda a, b: a + b, total, sums)
        theirs.update_state(case.truth[rows][:real], case.predicted[rows][:real])
    close(run.executable.results(total)[case.name], theirs.result())
