"""Averages of the weights, kept beside them."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax


class AverageState(NamedTuple):
    """The averages, and the number of updates."""

    count: jax.Array
    average: optax.Params


def average_weights(momentum, every=None):
    """Average the weights over the updates; the last link of a chain.

    The first average is what the weights are after the first update. After `every`
    updates each, if that is given, the averages take the weights' places.
    """

    def init(params):
        # A copy: a step uses up its state, which must not hold an array twice.
        return AverageState(jnp.zeros((), jnp.int32), jax.tree.map(jnp.copy, params))

    def update(updates, state, params):
        kept = jnp.where(state.count == 0, 0.0, momentum)
        average = jax.tree.map(
            lambda a, w: (kept * a + (1 - kept) * w).astype(w.dtype),
            state.average,
            optax.apply_updates(params, updates),
        )
        count = state.count + 1
        if every is not None:
            updates = jax.tree.map(
                lambda u, a, w: jnp.where(count % every == 0, a - w, u),
                updates,
                average,
                params,
            )
        return updates, AverageState(count, average)

    return optax.GradientTransformation(init, update)
