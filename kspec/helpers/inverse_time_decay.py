"""A rate that falls with time."""

import jax.numpy as jnp


def inverse_time_decay(first, steps, decay, staircase=False):
    """The schedule first / (1 + decay * t / steps)."""

    def rate(count):
        waited = count / steps
        return first / (1 + decay * (jnp.floor(waited) if staircase else waited))

    return rate
