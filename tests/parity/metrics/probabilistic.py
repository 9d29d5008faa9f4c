"""Probabilities."""

import numpy as np

from tests.parity.metrics import (
    BITS,
    CHANCES,
    LABELS,
    LOGITS,
    ONE_HOT,
    SCORES,
    STEP_BITS,
    STEP_CHANCES,
    STEP_LABELS,
    STEP_LOGITS,
    STEP_ONE_HOT,
    STEP_SCORES,
    Case,
    Cases,
    M,
)

COUNTS = np.floor(np.abs(3 * LOGITS)).astype(np.float32)
RATES = np.abs(2 * LOGITS[::-1]).astype(np.float32)
TURNED = np.ascontiguousarray(STEP_SCORES.transpose(0, 2, 1))
TURNED_ONE_HOT = np.ascontiguousarray(STEP_ONE_HOT.transpose(0, 2, 1))
HOLES = np.where(LABELS == 1, -1, LABELS).astype(np.int32)


def _last_axis(truth: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """With the classes at the end: Keras' `axis` works there alone on JAX."""
    return truth.reshape(len(truth), -1), predicted.transpose(0, 2, 1)


SPARSE, DENSE = M.SparseCategoricalCrossentropy, M.CategoricalCrossentropy

CASES: Cases = {
    "sparse_categorical_crossentropy": [
        Case({}, SPARSE, LABELS, SCORES),
        Case({}, SPARSE, LABELS[:, None], SCORES),
        Case({"from_logits": True}, SPARSE, LABELS, LOGITS),
        Case({}, SPARSE, STEP_LABELS, STEP_SCORES),
        Case({"axis": 1}, SPARSE, STEP_LABELS, TURNED, theirs=_last_axis),
        Case({"axis": 1}, SPARSE, STEP_LABELS[:, None], TURNED, theirs=_last_axis),
        Case({"ignore_class": 2}, SPARSE, LABELS, SCORES),
        Case({"ignore_class": -1}, SPARSE, HOLES, SCORES),
        Case({"ignore_class": 2, "from_logits": True}, SPARSE, LABELS[:, None], LOGITS),
        Case({"ignore_class": 2}, SPARSE, STEP_LABELS, STEP_SCORES, steps=True),
        Case({"ignore_class": 2, "axis": 1}, SPARSE, STEP_LABELS, TURNED, True, _last_axis),
    ],
    "categorical_crossentropy": [
        Case({}, DENSE, ONE_HOT, SCORES),
        Case({"label_smoothing": 0.1}, DENSE, ONE_HOT, SCORES),
        Case({"from_logits": True}, DENSE, ONE_HOT, LOGITS),
        Case({"from_logits": True}, DENSE, STEP_ONE_HOT, STEP_LOGITS),
        Case({"axis": 1}, DENSE, TURNED_ONE_HOT, TURNED),
    ],
    "binary_crossentropy": [
        Case({"label_smoothing": 0.1}, M.BinaryCrossentropy, BITS, CHANCES),
        Case({"from_logits": True}, M.BinaryCrossentropy, BITS, LOGITS),
        Case({}, M.BinaryCrossentropy, STEP_BITS, STEP_CHANCES),
    ],
    "kl_divergence": [
        Case({}, M.KLDivergence, SCORES[::-1], SCORES),
        Case({}, M.KLDivergence, ONE_HOT, SCORES),
        Case({}, M.KLDivergence, STEP_SCORES[::-1], STEP_SCORES),
    ],
    "poisson": [
        Case({}, M.Poisson, COUNTS, RATES),
        Case({}, M.Poisson, STEP_BITS, STEP_CHANCES),
    ],
}
