"""Dropout."""

import jax
import jax.numpy as jnp


def dropout_with_key(x, key, rate):
    """Set each element to 0 with probability `rate`, and scale the others up.

    Source: Srivastava et al., Dropout, 2014, with the scaling in training.
    """
    kept = jax.random.bernoulli(key, 1 - rate, x.shape)
    return jnp.where(kept, x / (1 - rate), 0)
