"""Losses on how much regions overlap."""

from __future__ import annotations

import numpy as np

from tests.parity.harness import floats
from tests.parity.losses import BITS, ROWS, SHARES, Case, Cases, L

IMAGE = (4, 3, 2)
REGIONS = (floats(ROWS, *IMAGE, seed=6) > 0).astype(np.float32)


AXES = (0, -1, (1, 2, 3), (0, 1, 2), (1, 2), (-1, 0))
WEIGHTS = {"alpha": 0.3, "beta": 0.8}

CASES: Cases = {
    "dice": [
        Case(L.Dice, {}, REGIONS, "sigmoid", IMAGE),
        Case(L.Dice, {}, REGIONS.astype(np.int32), "softmax", IMAGE),
        Case(L.Dice, {}, REGIONS[..., 0], "sigmoid", (4, 3, 1)),
        Case(L.Dice, {}, REGIONS[..., :1], "sigmoid", (4, 3)),
        Case(L.Dice, {}, SHARES, "softmax"),
        Case(L.Dice, {}, BITS[:, 0], "sigmoid", ()),
        Case(L.Dice, {}, BITS[:, 0], "sigmoid", (1,)),
        Case(L.Dice, {"axis": 1}, BITS[:, 0], "sigmoid", (1,)),
        *(Case(L.Dice, {"axis": axis}, REGIONS, "sigmoid", IMAGE) for axis in AXES),
    ],
    "tversky": [
        Case(L.Tversky, {}, REGIONS, "sigmoid", IMAGE),
        Case(L.Tversky, WEIGHTS, REGIONS.astype(np.int32), "softmax", IMAGE),
        Case(L.Tversky, {"beta": 0}, SHARES, "softmax"),
        Case(L.Tversky, {**WEIGHTS, "axis": (1, 2, 3)}, REGIONS, "sigmoid", IMAGE),
        Case(L.Tversky, {**WEIGHTS, "axis": (0, 1, 2)}, REGIONS, "sigmoid", IMAGE),
        Case(L.Tversky, {**WEIGHTS, "axis": -1}, REGIONS, "sigmoid", IMAGE),
    ],
}
