"""States of a loop over time, a step late."""

import jax.numpy as jnp


def states_before(start, states, reverse):
    """The state before each step: `start`, and all states behind steps but the last."""
    if reverse:
        return jnp.concatenate([states[1:], start[None]])
    return jnp.concatenate([start[None], states[:-1]])
