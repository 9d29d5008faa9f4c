"""Batch normalization with given moments."""

import jax


def batch_normalize(x, mean, variance, axis, epsilon, gamma=None, beta=None):
    """`(x - mean) / sqrt(variance + epsilon) * gamma + beta` along `axis`.

    Source: Ioffe and Szegedy, Batch Normalization, 2015.
    """
    shape = [1] * x.ndim
    shape[axis] = x.shape[axis]
    scale = jax.lax.rsqrt(variance + epsilon)
    if gamma is not None:
        scale = scale * gamma
    offset = -mean * scale
    if beta is not None:
        offset = offset + beta
    return x * scale.reshape(shape) + offset.reshape(shape)
