"""Accuracies."""

import numpy as np

from tests.parity.metrics import (
    ANSWERS,
    BITS,
    CHANCES,
    CLASSES,
    LABELS,
    ONE_HOT,
    SCORES,
    STEP_BITS,
    STEP_CHANCES,
    STEP_LABELS,
    STEP_ONE_HOT,
    STEP_SCORES,
    Case,
    Cases,
    M,
)

SORTED = np.argsort(-SCORES, axis=-1).astype(np.int32)
STEP_SORTED = np.argsort(-STEP_SCORES, axis=-1).astype(np.float32)
TIES = np.round(SCORES, 1)
GUESSES = np.where(BITS == 1, CHANCES > 0.3, CHANCES > 0.8).astype(np.float32)

CASES: Cases = {
    "accuracy": [
        Case({}, M.Accuracy, BITS, GUESSES),
        Case({}, M.Accuracy, LABELS, np.argmax(SCORES, -1).astype(np.int32)[:, None]),
        Case({}, M.Accuracy, STEP_LABELS, STEP_SORTED[..., 0]),
    ],
    "sparse_categorical_accuracy": [
        Case({}, M.SparseCategoricalAccuracy, LABELS, SCORES),
        Case({}, M.SparseCategoricalAccuracy, LABELS[:, None], SCORES),
        Case({}, M.SparseCategoricalAccuracy, STEP_LABELS, STEP_SCORES),
    ],
    "categorical_accuracy": [
        Case({}, M.CategoricalAccuracy, ONE_HOT, SCORES),
        Case({}, M.CategoricalAccuracy, STEP_ONE_HOT, STEP_SCORES),
    ],
    "binary_accuracy": [
        Case({}, M.BinaryAccuracy, BITS, CHANCES),
        Case({}, M.BinaryAccuracy, ANSWERS, CHANCES[:, :1]),
        Case({"threshold": 0.7}, M.BinaryAccuracy, STEP_BITS, STEP_CHANCES),
    ],
    "top_k_categorical_accuracy": [
        Case({"k": 2}, M.TopKCategoricalAccuracy, ONE_HOT, SCORES),
        Case({"k": 2}, M.TopKCategoricalAccuracy, ONE_HOT, TIES),
        Case({}, M.TopKCategoricalAccuracy, ONE_HOT, SCORES),
        Case({"k": 3}, M.TopKCategoricalAccuracy, STEP_ONE_HOT, STEP_SCORES),
    ],
    "sparse_top_k_categorical_accuracy": [
        Case({"k": 2}, M.SparseTopKCategoricalAccuracy, LABELS, SCORES),
        Case({"k": 1}, M.SparseTopKCategoricalAccuracy, LABELS, TIES),
        Case({"k": CLASSES + 1}, M.SparseTopKCategoricalAccuracy, LABELS, SCORES),
        Case({"k": 3}, M.SparseTopKCategoricalAccuracy, STEP_LABELS, STEP_SCORES),
        Case({"k": 2, "from_sorted_ids": True}, M.SparseTopKCategoricalAccuracy, LABELS, SORTED),
        Case(
            {"k": 2, "from_sorted_ids": True},
            M.SparseTopKCategoricalAccuracy,
            STEP_LABELS,
            STEP_SORTED,
        ),
    ],
}
