"""Alpha dropout."""

import jax
import jax.numpy as jnp


def alpha_dropout(x, key, rate, axes=()):
    """Set each element to the low end of `selu` with probability `rate`.

    Then scale and shift, so that mean 0 and variance 1 stay. One draw holds for all
    places along `axes`. Source: Klambauer et al., Self-Normalizing Networks, 2017.
    """
    low = -1.6732632423543772 * 1.0507009873554805
    shape = [1 if i in axes else size for i, size in enumerate(x.shape)]
    kept = jax.random.uniform(key, shape, x.dtype) >= rate
    scale = ((1 - rate) * (1 + rate * low**2)) ** -0.5
    return jnp.where(kept, x, low) * scale - scale * low * rate
