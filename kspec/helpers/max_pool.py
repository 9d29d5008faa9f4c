"""Maximum over windows."""

import jax
import jax.numpy as jnp


def max_pool(x, window, strides, padding):
    """The largest element of each window. x: [B, *spatial, C]."""
    floating = jnp.issubdtype(x.dtype, jnp.floating)
    least = -jnp.inf if floating else int(jnp.iinfo(x.dtype).min)
    return jax.lax.reduce_window(
        x,
        least,
        jax.lax.max,
        window_dimensions=(1, *window, 1),
        window_strides=(1, *strides, 1),
        padding=padding.upper(),
    )
