"""Normal numbers around 0 with a given variance, as first weights are."""

import jax
import numpy as np

from kspec.helpers.scale_and_shift import scale_and_shift


def scaled_normal(key, shape, dtype, variance):
    """Normal numbers around 0 with that variance.

    They are drawn in a row: XLA compiles that faster, once for all shapes of a size.
    """
    deviation = np.sqrt(np.asarray(variance, dtype))
    drawn = jax.random.normal(key, (int(np.prod(shape)),), dtype)
    return scale_and_shift(drawn, deviation, 0.0).reshape(shape)
