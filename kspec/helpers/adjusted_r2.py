"""R2 that allows for the number of predictors."""

import jax.numpy as jnp


def adjusted_r2(score, samples, regressors):
    """1 - (1 - score) * (n - 1) / (n - regressors - 1), for n samples.

    The score is left as it is where there are too few of them.
    """
    left = samples - regressors - 1
    adjusted = 1 - (1 - score) * (samples - 1) / jnp.where(left > 0, left, 1)
    return jnp.where(left > 0, adjusted, score)
