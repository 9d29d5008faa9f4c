"""Regression."""

import numpy as np

from tests.parity.metrics import (
    BITS,
    CHANCES,
    LOGITS,
    STEP_LOGITS,
    STEP_TARGETS,
    TARGETS,
    Case,
    Cases,
    M,
)

FAR = 40 * TARGETS
SOME_ZERO = np.where(BITS == 1, 0, TARGETS).astype(np.float32)

CASES: Cases = {
    **{
        name: [
            Case({}, cls, TARGETS, LOGITS),
            Case({}, cls, TARGETS[:, 0], LOGITS[:, :1]),
            Case({}, cls, TARGETS[:, :1], LOGITS[:, :1]),
            Case({}, cls, STEP_TARGETS, STEP_LOGITS),
        ]
        for name, cls in (
            ("mean_squared_error", M.MeanSquaredError),
            ("root_mean_squared_error", M.RootMeanSquaredError),
            ("mean_absolute_error", M.MeanAbsoluteError),
        )
    },
    "mean_absolute_percentage_error": [
        Case({}, M.MeanAbsolutePercentageError, TARGETS, LOGITS),
        Case({}, M.MeanAbsolutePercentageError, SOME_ZERO, LOGITS),
        Case({}, M.MeanAbsolutePercentageError, STEP_TARGETS, STEP_LOGITS),
    ],
    "mean_squared_logarithmic_error": [
        Case({}, M.MeanSquaredLogarithmicError, BITS, CHANCES),
        Case({}, M.MeanSquaredLogarithmicError, TARGETS, LOGITS),
        Case({}, M.MeanSquaredLogarithmicError, STEP_TARGETS, STEP_LOGITS),
    ],
    "log_cosh_error": [
        Case({}, M.LogCoshError, TARGETS, LOGITS),
        Case({}, M.LogCoshError, FAR, LOGITS),
        Case({}, M.LogCoshError, STEP_TARGETS, STEP_LOGITS),
    ],
    "cosine_similarity": [
        Case({}, M.CosineSimilarity, TARGETS, LOGITS),
        Case({}, M.CosineSimilarity, np.zeros_like(TARGETS), LOGITS),
        Case({}, M.CosineSimilarity, STEP_TARGETS, STEP_LOGITS),
        Case({"axis": 1}, M.CosineSimilarity, STEP_TARGETS, STEP_LOGITS),
    ],
}
