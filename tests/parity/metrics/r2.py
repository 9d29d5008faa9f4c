"""The coefficient of determination."""

import numpy as np

from tests.parity.metrics import LOGITS, TARGETS, Case, Cases, M

NEAR = (TARGETS + 0.3 * LOGITS).astype(np.float32)
CONSTANT = np.where(np.arange(5) == 2, 1, TARGETS).astype(np.float32)

CASES: Cases = {
    "r2_score": [
        Case({}, M.R2Score, TARGETS, NEAR),
        Case({}, M.R2Score, TARGETS, LOGITS),
        Case({}, M.R2Score, TARGETS[:, 0], NEAR[:, :1]),
        Case({"class_aggregation": None}, M.R2Score, TARGETS, NEAR),
        Case({"class_aggregation": "variance_weighted_average"}, M.R2Score, TARGETS, NEAR),
        Case({"num_regressors": 3}, M.R2Score, TARGETS, NEAR),
        Case({"num_regressors": 3, "class_aggregation": None}, M.R2Score, TARGETS, NEAR),
        Case({"num_regressors": 18}, M.R2Score, TARGETS[:, :1], NEAR[:, :1]),
    ]
}
