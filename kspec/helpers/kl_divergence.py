"""Kullback and Leibler's divergence of two distributions."""

import jax.numpy as jnp


def kl_divergence(truth, predicted):
    """`sum(truth * log(truth / predicted))`, both clipped to [1e-7, 1]."""
    truth = jnp.clip(truth, 1e-7, 1)
    predicted = jnp.clip(predicted, 1e-7, 1)
    return jnp.sum(truth * jnp.log(truth / predicted), axis=-1)
