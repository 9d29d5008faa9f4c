"""Convolutions."""

from tests.parity.layers import IMAGE, Case, Cases, K

CASES: Cases = {
    "conv2d": [
        Case("conv2d(5, 3)", lambda: K.Conv2D(5, 3), IMAGE),
        Case("conv2d(5, (3, 2), 2)", lambda: K.Conv2D(5, (3, 2), 2), IMAGE),
        Case(
            'conv2d(5, (2, 3), (2, 1), "same", activation=relu)',
            lambda: K.Conv2D(5, (2, 3), (2, 1), "same", activation="relu"),
            IMAGE,
        ),
        Case(
            'conv2d(6, 3, padding="same", dilation_rate=2, use_bias=false)',
            lambda: K.Conv2D(6, 3, padding="same", dilation_rate=2, use_bias=False),
            IMAGE,
        ),
        Case("conv2d(6, 3, groups=2)", lambda: K.Conv2D(6, 3, groups=2), IMAGE),
        Case(
            "conv2d(6, 3, dilation_rate=(2, 3))",
            lambda: K.Conv2D(6, 3, dilation_rate=(2, 3)),
            IMAGE,
        ),
    ],
}
