"""Reshaping."""

from tests.parity.layers import IMAGE, LINE, Case, Cases, K

CASES: Cases = {
    "flatten": [
        Case("flatten", lambda: K.Flatten(), IMAGE),
        Case("flatten", lambda: K.Flatten(), LINE),
    ],
    "reshape": [
        Case("reshape((3, 2))", lambda: K.Reshape((3, 2)), LINE),
        Case("reshape((-1, 4, 2))", lambda: K.Reshape((-1, 4, 2)), IMAGE),
    ],
}
