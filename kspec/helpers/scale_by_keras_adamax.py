"""Adamax as Keras writes it."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax


class AdamaxState(NamedTuple):
    """Mean and largest gradient, by weight, and the number of updates."""

    count: jax.Array
    first: optax.Updates
    largest: optax.Updates


def scale_by_keras_adamax(beta_1, beta_2, epsilon):
    """Divide the mean of the gradient by its largest, which fades by `beta_2`.

    `epsilon` is added to the largest; Optax adds its own to each gradient before it
    compares. Source: Kingma and Ba, Adam, 2015, section 7.
    """

    def init(params):
        first, largest = (jax.tree.map(jnp.zeros_like, params) for _ in range(2))
        return AdamaxState(jnp.zeros((), jnp.int32), first, largest)

    def update(grads, state, params=None):
        del params
        count = state.count + 1
        first = jax.tree.map(
            lambda m, g: m + (g - m) * (1 - beta_1), state.first, grads
        )
        largest = jax.tree.map(
            lambda u, g: jnp.maximum(beta_2 * u, jnp.abs(g)), state.largest, grads
        )
        correction = 1 - beta_1**count
        updates = jax.tree.map(
            lambda m, u: m / (correction * (u + epsilon)), first, largest
        )
        return updates, AdamaxState(count, first, largest)

    return optax.GradientTransformation(init, update)
