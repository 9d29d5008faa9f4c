"""The weights of all rounds of a loop, one behind the other along a new first axis."""

import jax
import jax.numpy as jnp


def stack_rounds(rounds):
    """One tree whose leaves are those of all trees, stacked."""
    return jax.tree.map(lambda *each: jnp.stack(each), *rounds)
