"""Windows put back into an image."""

import jax
import jax.numpy as jnp


def fold(x, output_size, kernel_size, dilation, padding, stride):
    """Add up what each window has at its place. x: [B, C * window, places].

    This is what the gradient of cutting the windows out does.
    """
    channels = x.shape[1] // (kernel_size[0] * kernel_size[1])

    def unfolded(image):
        patches = jax.lax.conv_general_dilated_patches(
            image,
            filter_shape=kernel_size,
            window_strides=stride,
            padding=[(size, size) for size in padding],
            rhs_dilation=dilation,
            dimension_numbers=("NCHW", "OIHW", "NCHW"),
        )
        return patches.reshape(x.shape)

    empty = jnp.zeros((x.shape[0], channels, *output_size), x.dtype)
    return jax.vjp(unfolded, empty)[1](x)[0]
