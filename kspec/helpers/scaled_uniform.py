"""Uniform numbers around 0 with a given variance, as first weights are."""

import jax
import numpy as np


def scaled_uniform(key, shape, dtype, variance):
    """Uniform numbers around 0 with that variance.

    They are drawn in a row: XLA compiles that faster, once for all shapes of a size.
    """
    limit = np.sqrt(3 * np.asarray(variance, dtype))
    drawn = jax.random.uniform(key, (int(np.prod(shape)),), dtype, -1.0)
    return (drawn * limit).reshape(shape)
