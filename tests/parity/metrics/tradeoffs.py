"""The best of one share where another is high enough."""

from tests.parity.metrics import (
    ANSWERS,
    BITS,
    CHANCES,
    STEP_BITS,
    STEP_CHANCES,
    Case,
    Cases,
    M,
)

CASES: Cases = {
    name: [
        Case({bound: 0.5}, cls, BITS, CHANCES),
        Case({bound: 0.3}, cls, ANSWERS, CHANCES[:, :1]),
        Case({bound: 0.9}, cls, BITS, CHANCES),
        Case({bound: 1.0}, cls, BITS, CHANCES),
        Case({bound: 0.4, "num_thresholds": 11}, cls, BITS, CHANCES),
        Case({bound: 0.4, "num_thresholds": 2}, cls, BITS, CHANCES),
        Case({bound: 0.4, "num_thresholds": 1}, cls, BITS, CHANCES),
        Case({bound: 0.6, "class_id": 3}, cls, BITS, CHANCES),
        Case({bound: 0.6}, cls, STEP_BITS, STEP_CHANCES, steps=True),
    ]
    for name, bound, cls in (
        ("sensitivity_at_specificity", "specificity", M.SensitivityAtSpecificity),
        ("specificity_at_sensitivity", "sensitivity", M.SpecificityAtSensitivity),
        ("precision_at_recall", "recall", M.PrecisionAtRecall),
        ("recall_at_precision", "precision", M.RecallAtPrecision),
    )
}
