"""Generalized crossentropy against class numbers that may be wrong."""

import jax.numpy as jnp


def categorical_generalized_cross_entropy(label, probabilities, q):
    """`(1 - p[label]**q) / q`: crossentropy for q near 0, absolute error for q near 1.

    label: int[B, ...], probabilities: [B, ..., classes], result: [B, ...].
    """
    chosen = jnp.take_along_axis(probabilities, label[..., None], axis=-1)
    return (1 - chosen[..., 0] ** q) / q
