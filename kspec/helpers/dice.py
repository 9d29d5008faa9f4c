"""How little two regions overlap, after Dice."""

import jax.numpy as jnp


def dice(truth, predicted, axis):
    """`1 - 2 sum(truth * predicted) / (sum(truth) + sum(predicted) + 1e-7)`."""
    both = jnp.sum(truth * predicted, axis=axis)
    sizes = jnp.sum(truth, axis=axis) + jnp.sum(predicted, axis=axis)
    return 1 - 2 * both / (sizes + 1e-7)
