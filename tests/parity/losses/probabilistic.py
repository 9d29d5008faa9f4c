"""Losses on probabilities."""

from __future__ import annotations

import numpy as np

from tests.parity.losses import (
    BITS,
    CLASSES,
    LABELS,
    ONE_HOT,
    SHARES,
    STEP_BITS,
    STEP_LABELS,
    STEP_SHARES,
    STEP_VECTORS,
    STEPS,
    Case,
    Cases,
    L,
    numeric,
)

SQUARE = (CLASSES, CLASSES)  # where Keras takes class numbers along another axis than the last
SQUARE_LABELS = np.random.default_rng(3).integers(0, CLASSES, (len(LABELS), CLASSES), np.int32)
VOID = np.where(STEP_LABELS == 1, 255, STEP_LABELS)
SPARSE = L.SparseCategoricalCrossentropy
DENSE = L.CategoricalCrossentropy
BINARY = L.BinaryCrossentropy
NOISY = L.CategoricalGeneralizedCrossEntropy

CASES: Cases = {
    "sparse_categorical_crossentropy": [
        Case(SPARSE, {}, LABELS, "softmax"),
        Case(SPARSE, {}, LABELS[:, None], "softmax"),
        Case(SPARSE, {}, STEP_LABELS, "softmax", STEP_VECTORS),
        Case(SPARSE, {}, STEP_LABELS[..., None].astype(np.uint8), "softmax", STEP_VECTORS),
        Case(SPARSE, {"from_logits": True}, LABELS),
        Case(SPARSE, {"from_logits": True}, STEP_LABELS, "linear", STEP_VECTORS),
        Case(SPARSE, {"ignore_class": 2}, LABELS, "softmax"),
        Case(SPARSE, {"ignore_class": 255}, VOID, "softmax", STEP_VECTORS),
        Case(SPARSE, {"ignore_class": 255}, VOID.astype(np.uint8), "softmax", STEP_VECTORS),
        Case(SPARSE, {"ignore_class": -1}, STEP_LABELS - 1, "softmax", STEP_VECTORS),
        Case(SPARSE, {"ignore_class": 255}, VOID[..., None], "softmax", STEP_VECTORS),
        Case(
            SPARSE,
            {"from_logits": True, "ignore_class": 255},
            VOID,
            "linear",
            STEP_VECTORS,
        ),
        Case(SPARSE, {"ignore_class": 7}, LABELS, "softmax"),
        Case(SPARSE, {"axis": -1}, LABELS, "softmax"),
        Case(SPARSE, {"axis": 1}, SQUARE_LABELS, "sigmoid", SQUARE),
        Case(SPARSE, {"from_logits": True, "axis": -2}, SQUARE_LABELS, "linear", SQUARE),
        Case(
            SPARSE,
            {"from_logits": True, "ignore_class": 2, "axis": 1},
            SQUARE_LABELS,
            "linear",
            SQUARE,
        ),
    ],
    "categorical_crossentropy": [
        Case(DENSE, {}, ONE_HOT, "softmax"),
        Case(DENSE, {}, ONE_HOT.astype(np.int32), "softmax"),
        Case(DENSE, {}, STEP_SHARES, "softmax", STEP_VECTORS),
        Case(DENSE, {"label_smoothing": 0.1}, ONE_HOT, "softmax"),
        Case(DENSE, {"from_logits": True}, ONE_HOT),
        Case(DENSE, {"axis": -1}, SHARES, "softmax"),
        Case(DENSE, {"axis": 1}, STEP_SHARES, "sigmoid", STEP_VECTORS),
        Case(
            DENSE,
            {"label_smoothing": 0.2, "axis": 1},
            STEP_SHARES,
            "sigmoid",
            STEP_VECTORS,
        ),
        Case(
            DENSE,
            {"from_logits": True, "label_smoothing": 0.2, "axis": -2},
            STEP_SHARES,
            "linear",
            STEP_VECTORS,
        ),
    ],
    "binary_crossentropy": [
        Case(BINARY, {}, BITS, "sigmoid"),
        Case(BINARY, {}, STEP_BITS, "sigmoid", STEP_VECTORS),
        Case(BINARY, {}, BITS[:, 0].astype(np.int32), "sigmoid", (1,)),
        Case(BINARY, {}, BITS[:, :1], "sigmoid", ()),
        Case(BINARY, {}, BITS[:, 0], "sigmoid", ()),
        Case(BINARY, {}, STEP_BITS[..., :1], "sigmoid", (STEPS,)),
        Case(BINARY, {"label_smoothing": 0.2}, BITS, "sigmoid"),
        Case(BINARY, {"from_logits": True}, BITS),
        Case(BINARY, {"axis": 1}, STEP_BITS, "sigmoid", STEP_VECTORS),
        Case(BINARY, {"axis": 0}, STEP_BITS, "sigmoid", STEP_VECTORS),
        Case(BINARY, {"axis": 1}, BITS[:, 0], "sigmoid", (1,)),
    ],
    "categorical_generalized_cross_entropy": [
        Case(NOISY, {}, LABELS, "softmax"),
        Case(NOISY, {"q": 0.05}, LABELS, "softmax"),
        Case(NOISY, {"q": 0.95}, STEP_LABELS, "softmax", STEP_VECTORS),
        Case(NOISY, {}, STEP_LABELS.astype(np.uint8), "sigmoid", STEP_VECTORS),
    ],
    "kl_divergence": [
        Case(L.KLDivergence, {}, SHARES, "softmax"),
        Case(L.KLDivergence, {}, ONE_HOT, "softmax"),
        Case(L.KLDivergence, {}, ONE_HOT.astype(np.int32), "sigmoid"),
        Case(L.KLDivergence, {}, STEP_SHARES, "softmax", STEP_VECTORS),
        Case(L.KLDivergence, {}, SHARES[:, 0], "sigmoid", (1,)),
        Case(L.KLDivergence, {}, SHARES[:, :1], "sigmoid", ()),
        Case(L.KLDivergence, {}, 2 * SHARES, "softplus"),
    ],
    "poisson": numeric(L.Poisson, "softplus"),
}
