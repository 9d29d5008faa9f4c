"""Losses on distances."""

from __future__ import annotations

import numpy as np

from tests.parity.losses import (
    COUNTS,
    NUMBERS,
    STEP_NUMBERS,
    STEP_VECTORS,
    Case,
    Cases,
    L,
    numeric,
    of_other_ranks,
)

SOME_ZERO = np.where(COUNTS > 6, 0, NUMBERS).astype(np.float32)
CASES: Cases = {
    "mean_squared_error": [*numeric(L.MeanSquaredError), *of_other_ranks(L.MeanSquaredError)],
    "mean_absolute_error": numeric(L.MeanAbsoluteError),
    "mean_absolute_percentage_error": [
        *of_other_ranks(L.MeanAbsolutePercentageError),
        *numeric(L.MeanAbsolutePercentageError),
        Case(L.MeanAbsolutePercentageError, {}, SOME_ZERO),
    ],
    "mean_squared_logarithmic_error": [
        *numeric(L.MeanSquaredLogarithmicError),
        Case(L.MeanSquaredLogarithmicError, {}, COUNTS, "softplus"),
    ],
    "huber": [
        *numeric(L.Huber),
        Case(L.Huber, {"delta": 0.3}, NUMBERS),
        Case(L.Huber, {"delta": 2}, STEP_NUMBERS, "linear", STEP_VECTORS),
        Case(L.Huber, {"delta": 1.5}, 1000 * NUMBERS),
    ],
    "log_cosh": [*numeric(L.LogCosh), Case(L.LogCosh, {}, 1000 * NUMBERS)],
}
