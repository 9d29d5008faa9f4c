"""The negative log-likelihood of counts, but for what no prediction changes."""

import jax.numpy as jnp


def poisson_error(truth, predicted):
    """`predicted - truth * log(predicted + 1e-7)`."""
    return predicted - truth * jnp.log(predicted + 1e-7)
