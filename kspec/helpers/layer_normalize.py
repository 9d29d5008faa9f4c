"""Layer normalization."""

import jax
import jax.numpy as jnp


def layer_normalize(x, gamma=None, beta=None, axis=-1, epsilon=1e-3):
    """`(x - mean) / sqrt(variance + epsilon) * gamma + beta`, moments along `axis`.

    gamma, beta: as the axes of `axis`, an int or ascending ints.
    Source: Ba et al., Layer Normalization, 2016.
    """
    axes = [i % x.ndim for i in (axis if isinstance(axis, tuple) else (axis,))]
    shape = [size if i in axes else 1 for i, size in enumerate(x.shape)]
    mean = jnp.mean(x, axis=axis, keepdims=True)
    variance = jnp.var(x, axis=axis, keepdims=True)
    scale = jax.lax.rsqrt(variance + epsilon)
    if gamma is not None:
        scale = scale * gamma.reshape(shape)
    offset = -mean * scale
    if beta is not None:
        offset = offset + beta.reshape(shape)
    return x * scale + offset
