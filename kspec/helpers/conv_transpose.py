"""Transposed convolution with the channels last."""

import jax


def conv_transpose(x, kernel, strides, padding, dilation=None):
    """The gradient of a convolution with respect to its input, as a layer.

    x: [B, *spatial, C], kernel: [*window, F, C], result: [B, *places, F]. `padding` is
    what stands before and behind `x` once `strides - 1` zeros are between its elements.
    """
    spatial = "DHW"[-len(strides) :]
    return jax.lax.conv_transpose(
        x,
        kernel,
        strides=strides,
        padding=padding,
        rhs_dilation=dilation,
        dimension_numbers=(f"N{spatial}C", f"{spatial}IO", f"N{spatial}C"),
        transpose_kernel=True,
    )
