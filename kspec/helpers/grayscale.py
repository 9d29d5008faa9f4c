"""Gray of colors."""

import jax.numpy as jnp


def grayscale(x):
    """The brightness of colors [..., 3] as [..., 1]; one channel stays as it is."""
    if x.shape[-1] == 1:
        return x
    return (x @ jnp.array([0.2989, 0.587, 0.114], x.dtype))[..., None]
