"""Normalization by the root of the mean square."""

import jax
import jax.numpy as jnp


def rms_normalize(x, scale, axis=-1, epsilon=1e-6):
    """`x / sqrt(mean(x^2) + epsilon) * scale`, the mean along `axis`.

    scale: as the axes of `axis`, an int or ascending ints.
    Source: Zhang and Sennrich, Root Mean Square Layer Normalization, 2019.
    """
    axes = [i % x.ndim for i in (axis if isinstance(axis, tuple) else (axis,))]
    shape = [size if i in axes else 1 for i, size in enumerate(x.shape)]
    square = jnp.mean(jnp.square(x), axis=axis, keepdims=True)
    return x * jax.lax.rsqrt(square + epsilon) * scale.reshape(shape)
