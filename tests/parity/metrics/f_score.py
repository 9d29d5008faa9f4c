"""F-scores."""

import numpy as np

from tests.parity.metrics import BITS, CHANCES, LOGITS, ONE_HOT, SCORES, Case, Cases, M

ZEROS = np.where(np.arange(len(LOGITS))[:, None] % 4 == 0, 0, LOGITS).astype(np.float32)
VARIANTS = [
    ({}, ONE_HOT, SCORES),
    ({"average": "micro"}, ONE_HOT, SCORES),
    ({"average": "macro"}, ONE_HOT, SCORES),
    ({"average": "weighted"}, ONE_HOT, SCORES),
    ({"threshold": 0.6}, BITS, CHANCES),
    ({"average": "weighted", "threshold": 1.0}, BITS, CHANCES),
    ({"average": "micro", "threshold": 0.5}, BITS, CHANCES),
    ({}, BITS, ZEROS),
]

CASES: Cases = {
    "f1_score": [Case(args, M.F1Score, truth, scores) for args, truth, scores in VARIANTS],
    "f_beta_score": [
        *(Case(args, M.FBetaScore, truth, scores) for args, truth, scores in VARIANTS),
        Case({"beta": 2.0}, M.FBetaScore, ONE_HOT, SCORES),
        Case({"beta": 0.5, "average": "macro"}, M.FBetaScore, ONE_HOT, SCORES),
    ],
}
