"""Mean over windows."""

import jax
import jax.numpy as jnp


def avg_pool(x, window, strides, padding):
    """The mean of each window, without what lies outside. x: [B, *spatial, C]."""

    def add_up(values):
        return jax.lax.reduce_window(
            values,
            0.0,
            jax.lax.add,
            window_dimensions=(1, *window, 1),
            window_strides=(1, *strides, 1),
            padding=padding.upper(),
        )

    return add_up(x) / add_up(jnp.ones_like(x[:1]))
