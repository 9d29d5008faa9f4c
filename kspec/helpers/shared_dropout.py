"""Dropout of whole axes."""

import jax
import jax.numpy as jnp


def shared_dropout(x, key, rate, axes):
    """Dropout with one draw for all places along `axes`.

    Source: Tompson et al., Efficient Object Localization, 2014.
    """
    shape = [1 if i in axes else size for i, size in enumerate(x.shape)]
    kept = jax.random.bernoulli(key, 1 - rate, shape)
    return jnp.where(kept, x / (1 - rate), 0)
