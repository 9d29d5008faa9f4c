"""Windows of an image, side by side."""

import jax


def unfold(x, kernel_size, dilation, padding, stride):
    """Each window as a column. x: [B, C, H, W], result: [B, C * window, places]."""
    patches = jax.lax.conv_general_dilated_patches(
        x,
        filter_shape=kernel_size,
        window_strides=stride,
        padding=[(size, size) for size in padding],
        rhs_dilation=dilation,
        dimension_numbers=("NCHW", "OIHW", "NCHW"),
    )
    return patches.reshape(*patches.shape[:2], -1)
