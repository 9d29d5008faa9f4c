"""Reductions of one tensor."""

from tests.parity.metrics import LABELS, LOGITS, STEP_LOGITS, Case, Cases, M

CASES: Cases = {
    name: [
        Case({}, cls, None, LOGITS),
        Case({}, cls, None, LOGITS[:, 0]),
        Case({}, cls, None, LABELS),
        Case({}, cls, None, STEP_LOGITS),
    ]
    for name, cls in (("mean", M.Mean), ("sum", M.Sum))
}
