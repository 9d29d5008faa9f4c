"""Mean and variance over a batch's real examples and their time steps."""

import jax.numpy as jnp


def moments_of_steps(x, mask, steps, axis):
    """Mean and variance of each entry along `axis`, where examples and steps count.

    x: [B, T, ...], mask: [B] of 0 and 1, steps: [B, T] of booleans,
    results: [x.shape[axis]]; 0 if all is masked.
    """
    others = tuple(i for i in range(x.ndim) if i != axis)
    counted = steps & (mask.reshape(-1, *[1] * (steps.ndim - 1)) > 0)
    counted = counted.reshape(*steps.shape, *[1] * (x.ndim - steps.ndim))
    counted = jnp.broadcast_to(counted, x.shape)
    count = jnp.maximum(jnp.sum(counted, axis=others, keepdims=True), 1)
    mean = jnp.sum(jnp.where(counted, x, 0), axis=others, keepdims=True) / count
    deviation = jnp.where(counted, x - mean, 0)
    variance = jnp.sum(jnp.square(deviation), axis=others, keepdims=True) / count
    return mean.reshape(-1), variance.reshape(-1)
