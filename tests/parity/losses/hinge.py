"""Losses that ask for a margin."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.parity.losses import (
    BITS,
    LABELS,
    NUMBERS,
    ONE_HOT,
    SHARES,
    STEP_BITS,
    STEP_VECTORS,
    STEPS,
    Case,
    Cases,
    L,
)

SIGNS = 2 * BITS - 1


def margins(loss: Any) -> list[Case]:
    """Signs, bits that become signs, and other numbers, which do not."""
    return [
        Case(loss, {}, SIGNS, "tanh"),
        Case(loss, {}, BITS),
        Case(loss, {}, NUMBERS),
        Case(loss, {}, STEP_BITS.astype(np.int32), "linear", STEP_VECTORS),
    ]


CASES: Cases = {
    "hinge": [
        *margins(L.Hinge),
        Case(L.Hinge, {}, np.ones_like(BITS)),
        Case(L.Hinge, {}, np.zeros_like(BITS)),
        Case(L.Hinge, {}, BITS[:, 0].astype(np.int32), "linear", (1,)),
        Case(L.Hinge, {}, BITS[:, :1], "tanh", ()),
        Case(L.Hinge, {}, STEP_BITS[..., :1], "linear", (STEPS,)),
    ],
    "squared_hinge": margins(L.SquaredHinge),
    "categorical_hinge": [
        Case(L.CategoricalHinge, {}, ONE_HOT),
        Case(L.CategoricalHinge, {}, ONE_HOT.astype(np.int32), "softmax"),
        Case(L.CategoricalHinge, {}, SHARES),
        Case(L.CategoricalHinge, {}, BITS, "sigmoid"),
        Case(L.CategoricalHinge, {}, STEP_BITS, "linear", STEP_VECTORS),
        Case(L.CategoricalHinge, {}, (LABELS > 2).astype(np.int32), "sigmoid", (1,)),
    ],
}
