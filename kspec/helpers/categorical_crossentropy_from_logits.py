"""Crossentropy of logits against a distribution."""

import jax
import jax.numpy as jnp


def categorical_crossentropy_from_logits(truth, logits, axis):
    """`-sum(truth * log_softmax(logits))`."""
    return -jnp.sum(truth * jax.nn.log_softmax(logits, axis=axis), axis=axis)
