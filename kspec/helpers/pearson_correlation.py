"""Pearson's correlation."""

import jax.numpy as jnp


def pearson_correlation(truth, prediction, axis):
    """The mean product of both, less their means and over their deviations."""
    truth = truth - truth.mean(axis, keepdims=True)
    prediction = prediction - prediction.mean(axis, keepdims=True)
    truth = truth / truth.std(axis, keepdims=True)
    prediction = prediction / prediction.std(axis, keepdims=True)
    return jnp.mean(truth * prediction, axis)
