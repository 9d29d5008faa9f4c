"""The error in percent of the truth."""

import jax.numpy as jnp


def absolute_percentage_error(truth, predicted):
    """`100 * abs(truth - predicted) / abs(truth)`, the truth at least 1e-7."""
    size = jnp.maximum(jnp.abs(truth), 1e-7)
    return 100 * jnp.abs((truth - predicted) / size)
