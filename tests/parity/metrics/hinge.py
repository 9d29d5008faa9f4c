"""Hinges."""

from tests.parity.metrics import (
    BITS,
    LOGITS,
    ONE_HOT,
    STEP_BITS,
    STEP_LOGITS,
    STEP_ONE_HOT,
    TARGETS,
    Case,
    Cases,
    M,
)

CASES: Cases = {
    **{
        name: [
            Case({}, cls, BITS, LOGITS),
            Case({}, cls, 2 * BITS - 1, LOGITS),
            Case({}, cls, TARGETS, LOGITS),
            Case({}, cls, BITS[:, :1], LOGITS[:, :1]),
            Case({}, cls, STEP_BITS, STEP_LOGITS),
        ]
        for name, cls in (("hinge", M.Hinge), ("squared_hinge", M.SquaredHinge))
    },
    "categorical_hinge": [
        Case({}, M.CategoricalHinge, ONE_HOT, LOGITS),
        Case({}, M.CategoricalHinge, STEP_ONE_HOT, STEP_LOGITS),
    ],
}
