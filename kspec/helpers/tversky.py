"""How little two regions overlap, after Tversky."""

import jax.numpy as jnp


def tversky(truth, predicted, axis, alpha, beta):
    """`1 - both / (both + alpha * missed + beta * invented + 1e-7)`, sums all three."""
    both = jnp.sum(truth * predicted, axis=axis)
    missed = jnp.sum(truth * (1 - predicted), axis=axis)
    invented = jnp.sum((1 - truth) * predicted, axis=axis)
    return 1 - both / (both + alpha * missed + beta * invented + 1e-7)
