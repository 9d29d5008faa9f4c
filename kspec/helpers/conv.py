"""Convolution with the channels last."""

import jax


def conv(x, kernel, strides, padding, dilation=None, groups=1):
    """Slide a kernel over the axes between batch and channels.

    x: [B, *spatial, C], kernel: [*window, C / groups, F], result: [B, *places, F].
    """
    spatial = "DHW"[-len(strides) :]
    return jax.lax.conv_general_dilated(
        x,
        kernel,
        window_strides=strides,
        padding=padding.upper(),
        rhs_dilation=dilation,
        dimension_numbers=(f"N{spatial}C", f"{spatial}IO", f"N{spatial}C"),
        feature_group_count=groups,
    )
