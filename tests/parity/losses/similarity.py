"""Losses on angles."""

from __future__ import annotations

import numpy as np

from tests.parity.losses import (
    COUNTS,
    LABELS,
    NUMBERS,
    STEP_NUMBERS,
    STEP_VECTORS,
    Case,
    Cases,
    L,
)

TWO = (LABELS > 1).astype(np.int32)
COSINE = L.CosineSimilarity

CASES: Cases = {
    "cosine_similarity": [
        Case(COSINE, {}, NUMBERS),
        Case(COSINE, {}, COUNTS, "sigmoid"),
        Case(COSINE, {}, 1e-9 * NUMBERS),
        Case(COSINE, {}, STEP_NUMBERS, "linear", STEP_VECTORS),
        Case(COSINE, {"axis": 1}, STEP_NUMBERS, "tanh", STEP_VECTORS),
        Case(COSINE, {"axis": -2}, STEP_NUMBERS, "linear", STEP_VECTORS),
        Case(COSINE, {}, NUMBERS[:, 0], "linear", (1,)),
        Case(COSINE, {}, NUMBERS[:, :1], "linear", ()),
    ],
    "circle": [
        Case(L.Circle, {}, TWO, "softmax"),
        Case(L.Circle, {}, TWO[:, None], "softmax"),
        Case(L.Circle, {}, LABELS, "softmax"),
        Case(L.Circle, {}, TWO.astype(np.uint8), "sigmoid"),
        Case(L.Circle, {"gamma": 2}, TWO, "linear"),
        Case(L.Circle, {"gamma": 10.5, "margin": 0.25}, TWO, "tanh"),
        Case(L.Circle, {"remove_diagonal": False}, TWO, "softmax"),
        Case(L.Circle, {"gamma": 1, "margin": 0, "remove_diagonal": False}, LABELS, "tanh"),
    ],
}
