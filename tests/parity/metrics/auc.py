"""Areas under curves."""

from tests.parity.metrics import (
    ANSWERS,
    BITS,
    CHANCES,
    CLASSES,
    LOGITS,
    STEP_BITS,
    STEP_CHANCES,
    Case,
    Cases,
    M,
)

WEIGHTS = [0.5, 2.0, 0.0, 1.0, 0.25]
SOME = [0.7, 0.2, 0.35]
EVEN = [0.25, 0.5, 0.75]

CASES: Cases = {
    "auc": [
        *(
            Case({"curve": curve, "summation_method": method}, M.AUC, BITS, CHANCES)
            for curve in ("ROC", "PR", "PRGAIN")
            for method in ("interpolation", "minoring", "majoring")
        ),
        *(
            Case({"curve": curve, "multi_label": True}, M.AUC, BITS, CHANCES)
            for curve in ("ROC", "PR", "PRGAIN")
        ),
        Case({}, M.AUC, ANSWERS, CHANCES[:, :1]),
        Case({}, M.AUC, ANSWERS, CHANCES[:, 0]),
        Case({"num_thresholds": 11}, M.AUC, BITS, CHANCES),
        Case({"num_thresholds": 2}, M.AUC, BITS, CHANCES),
        Case({"num_thresholds": 3, "curve": "PR"}, M.AUC, BITS, CHANCES),
        Case({"thresholds": SOME}, M.AUC, BITS, CHANCES),
        Case({"thresholds": SOME, "multi_label": True}, M.AUC, BITS, CHANCES),
        Case({"thresholds": EVEN}, M.AUC, BITS, CHANCES),
        Case({"multi_label": True, "num_labels": CLASSES}, M.AUC, BITS, CHANCES),
        Case({"label_weights": WEIGHTS}, M.AUC, BITS, CHANCES),
        Case({"label_weights": WEIGHTS, "thresholds": SOME}, M.AUC, BITS, CHANCES),
        Case({"label_weights": WEIGHTS, "multi_label": True}, M.AUC, BITS, CHANCES),
        Case({"label_weights": WEIGHTS, "multi_label": True, "curve": "PR"}, M.AUC, BITS, CHANCES),
        Case({"from_logits": True}, M.AUC, BITS, LOGITS),
        Case({}, M.AUC, STEP_BITS, STEP_CHANCES, steps=True),
    ]
}
