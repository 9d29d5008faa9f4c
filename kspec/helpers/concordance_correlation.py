"""Lin's concordance correlation."""

import jax.numpy as jnp


def concordance_correlation(truth, prediction, axis):
    """2 * covariance / (both variances + the squared difference of the means).

    Source: Lin, A Concordance Correlation Coefficient, 1989, as Keras computes it.
    """
    center = prediction.mean(axis, keepdims=True)
    gap = truth.mean(axis, keepdims=True) - center
    spread = truth.var(axis, keepdims=True) + prediction.var(axis, keepdims=True)
    covariance = (truth - center) * (prediction - center)
    return jnp.mean(2 * covariance / (spread + jnp.square(gap) + 1e-7), axis)
