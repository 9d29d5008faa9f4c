"""Focal losses."""

from __future__ import annotations

import numpy as np

from tests.parity.losses import (
    BITS,
    ONE_HOT,
    SHARES,
    STEP_BITS,
    STEP_SHARES,
    STEP_VECTORS,
    Case,
    Cases,
    L,
)

BINARY = L.BinaryFocalCrossentropy
DENSE = L.CategoricalFocalCrossentropy
BALANCED = {"apply_class_balancing": True}
WEIGHTS = (0.1, 0.5, 0.25, 1.5, 0.0)

CASES: Cases = {
    "binary_focal_crossentropy": [
        Case(BINARY, {}, BITS, "sigmoid"),
        Case(BINARY, {}, BITS[:, 0].astype(np.int32), "sigmoid", (1,)),
        Case(BINARY, {}, STEP_BITS, "sigmoid", STEP_VECTORS),
        Case(BINARY, BALANCED, BITS, "sigmoid"),
        Case(BINARY, {**BALANCED, "alpha": 0.7}, STEP_BITS, "sigmoid", STEP_VECTORS),
        Case(BINARY, {"alpha": 0.7}, BITS, "sigmoid"),
        Case(BINARY, {"gamma": 3.5}, BITS, "sigmoid"),
        Case(BINARY, {"gamma": 0}, BITS, "sigmoid"),
        Case(BINARY, {"from_logits": True}, BITS),
        Case(BINARY, {"label_smoothing": 0.2}, BITS, "sigmoid"),
        Case(BINARY, {**BALANCED, "from_logits": True, "label_smoothing": 0.1}, BITS),
        Case(BINARY, {"axis": 1}, STEP_BITS, "sigmoid", STEP_VECTORS),
        Case(BINARY, {"axis": 0}, STEP_BITS, "sigmoid", STEP_VECTORS),
    ],
    "categorical_focal_crossentropy": [
        Case(DENSE, {}, ONE_HOT, "softmax"),
        Case(DENSE, {}, ONE_HOT.astype(np.int32), "softmax"),
        Case(DENSE, {}, STEP_SHARES, "softmax", STEP_VECTORS),
        Case(DENSE, {"alpha": 0.6}, SHARES, "softmax"),
        Case(DENSE, {"alpha": WEIGHTS}, ONE_HOT, "softmax"),
        Case(DENSE, {"alpha": WEIGHTS}, STEP_SHARES, "softmax", STEP_VECTORS),
        Case(DENSE, {"gamma": 0.5}, SHARES, "softmax"),
        Case(DENSE, {"gamma": 0}, SHARES, "softmax"),
        Case(DENSE, {"from_logits": True}, ONE_HOT),
        Case(DENSE, {"label_smoothing": 0.1}, ONE_HOT, "softmax"),
        Case(DENSE, {"axis": -1}, ONE_HOT, "softmax"),
        Case(DENSE, {"axis": 1}, STEP_SHARES, "sigmoid", STEP_VECTORS),
        Case(
            DENSE,
            {"alpha": WEIGHTS, "from_logits": True, "label_smoothing": 0.1, "axis": -2},
            STEP_SHARES,
            "linear",
            STEP_VECTORS,
        ),
    ],
}
