"""Transposed convolutions."""

from tests.parity.layers import Case, Cases, K, same


def _line(**args) -> Case:
    return same("conv1d_transpose", K.Conv1DTranspose, 5, 4, filters=3, **args)


def _image(**args) -> Case:
    return same("conv2d_transpose", K.Conv2DTranspose, 4, 3, 4, filters=3, **args)


def _volume(**args) -> Case:
    return same("conv3d_transpose", K.Conv3DTranspose, 3, 2, 4, 2, filters=3, **args)


CASES: Cases = {
    "conv1d_transpose": [
        *(
            _line(kernel_size=width, strides=strides, padding=padding)
            for padding in ("valid", "same")
            for width, strides in ((3, 1), (4, 2), (3, 2), (2, 3))
        ),
        _line(kernel_size=3, strides=3, padding="valid", output_padding=1),
        _line(kernel_size=4, strides=3, padding="same", output_padding=2),
        _line(kernel_size=3, strides=2, padding="same", output_padding=0),
        _line(kernel_size=2, padding="same", dilation_rate=3),
        _line(kernel_size=3, dilation_rate=2, use_bias=False),
    ],
    "conv2d_transpose": [
        _image(kernel_size=3),
        _image(kernel_size=(3, 2), strides=2, padding="same"),
        _image(kernel_size=(2, 3), strides=(3, 2), output_padding=(2, 0)),
        _image(kernel_size=3, padding="same", dilation_rate=(2, 1)),
    ],
    "conv3d_transpose": [
        _volume(kernel_size=2),
        _volume(kernel_size=(3, 2, 1), strides=(1, 2, 3), padding="same"),
        _volume(kernel_size=2, strides=2, padding="same", output_padding=1),
    ],
}
