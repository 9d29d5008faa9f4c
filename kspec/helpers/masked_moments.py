"""Mean and variance over a batch's real examples."""

import jax.numpy as jnp


def masked_moments(x, mask, axis):
    """Mean and variance of each entry along `axis`, over the examples with mask 1.

    x: [B, ...], mask: [B] of 0 and 1, results: [x.shape[axis]]; 0 if all is masked.
    """
    others = tuple(i for i in range(x.ndim) if i != axis)
    weight = mask.reshape(-1, *[1] * (x.ndim - 1))
    count = jnp.maximum(mask.sum(), 1) * (x.size // (x.shape[0] * x.shape[axis]))
    mean = jnp.sum(jnp.where(weight > 0, x, 0), axis=others, keepdims=True) / count
    deviation = jnp.where(weight > 0, x - mean, 0)
    variance = jnp.sum(jnp.square(deviation), axis=others) / count
    return mean.reshape(-1), variance
