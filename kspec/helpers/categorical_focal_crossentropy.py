"""Crossentropy against a distribution that looks at the hard classes."""

import jax.numpy as jnp


def categorical_focal_crossentropy(truth, probabilities, alpha, gamma, axis):
    """`-sum(alpha * (1 - p)**gamma * truth * log(p))`; `alpha` may be one a class.

    p is made to sum to 1, clipped to [1e-7, 1 - 1e-7].
    """
    total = jnp.sum(probabilities, axis=axis, keepdims=True)
    p = jnp.clip(probabilities / total, 1e-7, 1 - 1e-7)
    weight = jnp.asarray(alpha, p.dtype) * (1 - p) ** gamma
    return -jnp.sum(weight * truth * jnp.log(p), axis=axis)
