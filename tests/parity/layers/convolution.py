"""Convolutions."""

from tests.parity.layers import IMAGE, Case, Cases, K, same

LINE = (9, 4)
VOLUME = (6, 5, 7, 2)


def _line(**args) -> Case:
    return same("conv1d", K.Conv1D, *LINE, filters=6, **args)


def _volume(**args) -> Case:
    return same("conv3d", K.Conv3D, *VOLUME, filters=4, **args)


CASES: Cases = {
    "conv1d": [
        _line(kernel_size=3),
        _line(kernel_size=4, strides=2, padding="same"),
        _line(kernel_size=3, strides=3, padding="same", groups=2),
        _line(kernel_size=2, dilation_rate=3, padding="same"),
        _line(kernel_size=3, padding="causal", dilation_rate=2),
        _line(kernel_size=4, padding="causal", strides=2, groups=2, use_bias=False),
    ],
    "conv2d": [
        Case("conv2d(5, 3)", lambda: K.Conv2D(5, 3), IMAGE),
        Case("conv2d(5, (3, 2), 2)", lambda: K.Conv2D(5, (3, 2), 2), IMAGE),
        Case(
            'conv2d(5, (2, 3), (2, 1), "same", activation=relu)',
            lambda: K.Conv2D(5, (2, 3), (2, 1), "same", activation="relu"),
            IMAGE,
        ),
        Case(
            'conv2d(5, (2, 4), 3, "same")',
            lambda: K.Conv2D(5, (2, 4), 3, "same"),
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
    "conv3d": [
        _volume(kernel_size=2),
        _volume(kernel_size=(2, 3, 4), strides=(1, 2, 3), padding="same", groups=2),
        _volume(kernel_size=2, dilation_rate=(3, 1, 2)),
    ],
}
