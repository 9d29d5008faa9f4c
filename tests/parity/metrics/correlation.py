"""Correlations."""

from tests.parity.metrics import (
    LOGITS,
    STEP_LOGITS,
    STEP_TARGETS,
    TARGETS,
    Case,
    Cases,
    M,
)

CASES: Cases = {
    name: [
        Case({}, cls, TARGETS, LOGITS),
        Case({}, cls, TARGETS + LOGITS, LOGITS),
        Case({}, cls, STEP_TARGETS, STEP_LOGITS),
        Case({"axis": 1}, cls, STEP_TARGETS, STEP_LOGITS),
    ]
    for name, cls in (
        ("pearson_correlation", M.PearsonCorrelation),
        ("concordance_correlation", M.ConcordanceCorrelation),
    )
}
