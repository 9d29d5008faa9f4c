"""The squared distance of logarithms."""

import jax.numpy as jnp


def squared_logarithmic_error(truth, predicted):
    """`(log(predicted + 1) - log(truth + 1))**2`, both made at least 1e-7."""
    log_predicted = jnp.log(jnp.maximum(predicted, 1e-7) + 1)
    log_truth = jnp.log(jnp.maximum(truth, 1e-7) + 1)
    return jnp.square(log_predicted - log_truth)
