"""Cut-off normal numbers with a given variance, as first weights are."""

import jax
import numpy as np

from kspec.helpers.scale_and_shift import scale_and_shift


def scaled_truncated_normal(key, shape, dtype, variance):
    """Normal numbers around 0, cut off at two deviations, with that variance.

    They are drawn in a row: XLA compiles that faster, once for all shapes of a size.
    """
    # The deviation of a standard normal that is cut off so.
    of_drawn = np.asarray(0.87962566103423978, dtype)
    deviation = np.sqrt(np.asarray(variance, dtype)) / of_drawn
    drawn = jax.random.truncated_normal(key, -2.0, 2.0, (int(np.prod(shape)),), dtype)
    return scale_and_shift(drawn, deviation, 0.0).reshape(shape)
