"""Group normalization."""

import jax
import jax.numpy as jnp


def group_normalize(x, gamma=None, beta=None, groups=32, axis=-1, epsilon=1e-3):
    """Mean 0 and variance 1 within each group of channels, then `* gamma + beta`.

    Moments go over all axes of an example and the channels of a group.
    Source: Wu and He, Group Normalization, 2018.
    """
    axis = axis % x.ndim
    split = (groups, x.shape[axis] // groups)
    grouped = x.reshape(*x.shape[:axis], *split, *x.shape[axis + 1 :])
    others = tuple(i for i in range(1, grouped.ndim) if i != axis)
    mean = jnp.mean(grouped, axis=others, keepdims=True)
    variance = jnp.var(grouped, axis=others, keepdims=True)
    shape = [1] * axis + [*split] + [1] * (x.ndim - axis - 1)
    scale = jax.lax.rsqrt(variance + epsilon)
    if gamma is not None:
        scale = scale * gamma.reshape(shape)
    offset = -mean * scale
    if beta is not None:
        offset = offset + beta.reshape(shape)
    return (grouped * scale + offset).reshape(x.shape)
