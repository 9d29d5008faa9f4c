"""Normalization."""

from tests.parity.layers import IMAGE, LINE, Case, Cases, K

CASES: Cases = {
    "batch_normalization": [
        Case("batch_normalization", lambda: K.BatchNormalization(), LINE),
        Case("batch_normalization(1)", lambda: K.BatchNormalization(1), IMAGE),
        Case(
            "batch_normalization(epsilon=0.1, center=false)",
            lambda: K.BatchNormalization(epsilon=0.1, center=False),
            IMAGE,
        ),
        Case("batch_normalization(scale=false)", lambda: K.BatchNormalization(scale=False), IMAGE),
    ],
}
