"""Layers that act in training alone, as they are outside of it."""

from tests.parity.layers import LINE, Case, Cases, K

CASES: Cases = {
    "dropout": [Case("dropout(0.4)", lambda: K.Dropout(0.4), LINE)],
}
