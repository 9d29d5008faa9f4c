"""Nadam as Keras writes it."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax


class NadamState(NamedTuple):
    """Moments of the gradient, the product of all momenta, the number of updates."""

    count: jax.Array
    product: jax.Array
    first: optax.Updates
    second: optax.Updates


def scale_by_keras_nadam(beta_1, beta_2, epsilon):
    """Adam with the momentum of the next update, which rises as `momentum` says.

    Optax has it with a momentum that is always the same. Source: Dozat, Incorporating
    Nesterov Momentum into Adam, 2016.
    """

    def momentum(count):
        return beta_1 * (1 - 0.5 * 0.96**count)

    def init(params):
        first, second = (jax.tree.map(jnp.zeros_like, params) for _ in range(2))
        return NadamState(jnp.zeros((), jnp.int32), jnp.ones(()), first, second)

    def update(grads, state, params=None):
        del params
        count = state.count + 1
        now, later = momentum(count), momentum(count + 1)
        product = state.product * now
        first = jax.tree.map(
            lambda m, g: m + (g - m) * (1 - beta_1), state.first, grads
        )
        second = jax.tree.map(
            lambda v, g: v + (jnp.square(g) - v) * (1 - beta_2), state.second, grads
        )

        def direction(g, m, v):
            ahead = later * m / (1 - product * later) + (1 - now) * g / (1 - product)
            return ahead / (jnp.sqrt(v / (1 - beta_2**count)) + epsilon)

        updates = jax.tree.map(direction, grads, first, second)
        return updates, NadamState(count, product, first, second)

    return optax.GradientTransformation(init, update)
