"""Merging."""

from tests.parity.layers import IMAGE, LINE, Case, Cases, K

CASES: Cases = {
    "add": [
        Case("add", lambda: K.Add(), (*LINE, *LINE)),
        Case("add", lambda: K.Add(), (*IMAGE, *IMAGE, *IMAGE)),
    ],
    "multiply": [Case("multiply", lambda: K.Multiply(), (*LINE, *LINE, *LINE))],
    "concatenate": [
        Case("concatenate", lambda: K.Concatenate(), (*LINE, *LINE)),
        Case("concatenate(axis=1)", lambda: K.Concatenate(axis=1), ((2, 3), (5, 3))),
        Case("concatenate(axis=-2)", lambda: K.Concatenate(axis=-2), ((2, 3), (5, 3))),
    ],
}
