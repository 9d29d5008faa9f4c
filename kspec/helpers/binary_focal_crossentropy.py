"""Crossentropy of yes-or-no probabilities that looks at the hard ones."""

import jax.numpy as jnp


def binary_focal_crossentropy(truth, probability, gamma, alpha=None):
    """`(1 - right)**gamma` times the crossentropy, `right` as what is true is likely.

    `alpha` weighs what is true, `1 - alpha` what is not. The crossentropy clips
    probabilities to [1e-7, 1 - 1e-7].
    """
    p = jnp.clip(probability, 1e-7, 1 - 1e-7)
    crossentropy = -(truth * jnp.log(p) + (1 - truth) * jnp.log(1 - p))
    right = truth * probability + (1 - truth) * (1 - probability)
    loss = (1 - right) ** gamma * crossentropy
    if alpha is None:
        return loss
    return (truth * alpha + (1 - truth) * (1 - alpha)) * loss
