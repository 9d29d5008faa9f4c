"""Uses of each metric beside Keras' object, a family a file, as `kspec/metrics/` has them."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np

from tests.parity.harness import floats, keras, probabilities

M = keras.metrics
BATCH, BATCHES, SHORT = 8, 3, 3
ROWS, CLASSES, STEPS = BATCH * BATCHES, 5, 4

_RNG = np.random.default_rng(0)
LABELS = _RNG.integers(0, CLASSES, ROWS).astype(np.int32)
STEP_LABELS = _RNG.integers(0, CLASSES, (ROWS, STEPS)).astype(np.int32)
ONE_HOT = np.eye(CLASSES, dtype=np.float32)[LABELS]
STEP_ONE_HOT = np.eye(CLASSES, dtype=np.float32)[STEP_LABELS]
BITS = _RNG.integers(0, 2, (ROWS, CLASSES)).astype(np.float32)
STEP_BITS = _RNG.integers(0, 2, (ROWS, STEPS, CLASSES)).astype(np.float32)
ANSWERS = _RNG.integers(0, 2, ROWS).astype(np.float32)
SCORES = probabilities(ROWS, CLASSES)
STEP_SCORES = probabilities(ROWS, STEPS, CLASSES, seed=1)
LOGITS = floats(ROWS, CLASSES, seed=2)
STEP_LOGITS = floats(ROWS, STEPS, CLASSES, seed=3)
TARGETS = floats(ROWS, CLASSES, seed=4)
STEP_TARGETS = floats(ROWS, STEPS, CLASSES, seed=5)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return (1 / (1 + np.exp(-x))).astype(np.float32)


# Some of them exactly on evenly spaced thresholds, and on 0 and 1.
CHANCES = _sigmoid(LOGITS)
CHANCES[::3, 0], CHANCES[1::4, 1], CHANCES[2::5, 2] = 0.5, 0.0, 1.0
STEP_CHANCES = _sigmoid(STEP_LOGITS)


class Case(NamedTuple):
    """A metric in both languages with its truth and its predictions.

    Attributes:
        args: Its arguments, the same in both languages.
        keras: Keras' class.
        truth: What is true; integers of one axis are classes. None for a metric of one tensor.
        predicted: What a model gave.
        steps: Whether Keras takes weights for each step, not for each example.
        theirs: What makes Keras' truth and prediction, where it takes other shapes.
    """

    args: dict[str, Any]
    keras: Any
    truth: np.ndarray | None
    predicted: np.ndarray
    steps: bool = False
    theirs: Any = None


Cases: TypeAlias = dict[str, list[Case]]
