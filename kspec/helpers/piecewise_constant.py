"""A rate in stairs."""

import jax.numpy as jnp


def piecewise_constant(boundaries, values):
    """The schedule that is `values[i]` up to and including update `boundaries[i]`."""

    def rate(count):
        passed = jnp.sum(count > jnp.array(boundaries))
        return jnp.array(values, jnp.float32)[passed]

    return rate
