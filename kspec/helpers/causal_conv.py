"""Convolution over time that sees no future, with the channels last."""

import jax


def causal_conv(x, kernel, strides=(1,), dilation=(1,), groups=1):
    """Slide a kernel whose last place is the time step of the result.

    x: [B, T, C], kernel: [window, C / groups, F], result: [B, places, F].
    """
    past = (kernel.shape[0] - 1) * dilation[0]
    return jax.lax.conv_general_dilated(
        x,
        kernel,
        window_strides=strides,
        padding=[(past, 0)],
        rhs_dilation=dilation,
        dimension_numbers=("NWC", "WIO", "NWC"),
        feature_group_count=groups,
    )
