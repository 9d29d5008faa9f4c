"""Losses on sequences."""

from __future__ import annotations

import numpy as np

from tests.parity.losses import Case, Cases, L

# Repeated labels, an empty one, one that fills all places, and one with a 0 inside.
WORDS = np.array([[1, 2, 0], [3, 3, 0], [4, 4, 4], [0, 0, 0], [2, 0, 0], [2, 0, 1]], np.int32)
CTC = L.CTC

CASES: Cases = {
    "ctc": [
        Case(CTC, {}, WORDS, "linear", (7, 5)),
        Case(CTC, {}, WORDS.astype(np.uint8), "tanh", (5, 5)),
        Case(CTC, {}, WORDS, "linear", (2, 5)),  # more labels than steps
    ],
}
