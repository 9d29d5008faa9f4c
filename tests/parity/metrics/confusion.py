"""Right and wrong answers, precision and recall."""

from tests.parity.metrics import (
    ANSWERS,
    BITS,
    CHANCES,
    ONE_HOT,
    SCORES,
    STEP_BITS,
    STEP_CHANCES,
    Case,
    Cases,
    M,
)

EVEN = [0.0, 0.25, 0.5, 0.75, 1.0]
DOWN = [0.8, 0.2, 0.5]

CASES: Cases = {
    **{
        name: [
            Case({}, cls, BITS, CHANCES),
            Case({}, cls, ANSWERS, CHANCES[:, 0]),
            Case({}, cls, ANSWERS, CHANCES[:, :1]),
            Case({"thresholds": 0.3}, cls, BITS, CHANCES),
            Case({"thresholds": [0.3]}, cls, BITS, CHANCES),
            Case({"thresholds": DOWN}, cls, BITS, CHANCES),
            Case({"thresholds": EVEN}, cls, BITS, CHANCES),
            Case({}, cls, STEP_BITS, STEP_CHANCES, steps=True),
        ]
        for name, cls in (
            ("true_positives", M.TruePositives),
            ("false_positives", M.FalsePositives),
            ("true_negatives", M.TrueNegatives),
            ("false_negatives", M.FalseNegatives),
        )
    },
    **{
        name: [
            Case({}, cls, BITS, CHANCES),
            Case({}, cls, ANSWERS, CHANCES[:, :1]),
            Case({"thresholds": 0.6}, cls, BITS, CHANCES),
            Case({"thresholds": DOWN}, cls, BITS, CHANCES),
            Case({"thresholds": EVEN}, cls, BITS, CHANCES),
            Case({"thresholds": 1.0}, cls, BITS, CHANCES),
            Case({"class_id": 1}, cls, BITS, CHANCES),
            Case({"class_id": -1, "thresholds": [0.2, 0.4]}, cls, BITS, CHANCES),
            Case({"top_k": 2}, cls, ONE_HOT, SCORES),
            Case({"top_k": 2, "class_id": 3}, cls, ONE_HOT, SCORES),
            Case({"top_k": 3, "thresholds": [0.1, 0.3]}, cls, BITS, SCORES),
            Case({"top_k": 3, "thresholds": EVEN}, cls, BITS, SCORES),
            Case({"top_k": 2}, cls, BITS, CHANCES),
            Case({}, cls, STEP_BITS, STEP_CHANCES, steps=True),
            Case({"class_id": 2}, cls, STEP_BITS, STEP_CHANCES, steps=True),
            Case({"top_k": 2}, cls, STEP_BITS, STEP_CHANCES, steps=True),
        ]
        for name, cls in (("precision", M.Precision), ("recall", M.Recall))
    },
}
