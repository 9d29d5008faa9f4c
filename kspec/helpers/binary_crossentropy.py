"""Crossentropy of yes-or-no probabilities."""

import jax.numpy as jnp


def binary_crossentropy(truth, probability):
    """`-truth log(p) - (1 - truth) log(1 - p)`, with p clipped to [1e-7, 1 - 1e-7]."""
    p = jnp.clip(probability, 1e-7, 1 - 1e-7)
    return -(truth * jnp.log(p) + (1 - truth) * jnp.log(1 - p))
