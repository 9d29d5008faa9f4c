"""Follow the regularized leader, as Keras writes it."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax


class FtrlState(NamedTuple):
    """Sums of squares and of gradients, by weight, and the number of updates."""

    count: jax.Array
    squares: optax.Updates
    linear: optax.Updates


def keras_ftrl(rate, power=0.0, start=0.0, l1=0.0, l2=0.0, shrinkage=0.0, beta=0.0):
    """Weights that would have been best for all gradients so far.

    `rate` is a function of the update's number, from 0; steps shrink with the sum of
    squares to the power of `power`. Source: McMahan et al., Ad Click Prediction, 2013.
    """

    def init(params):
        squares = jax.tree.map(lambda w: jnp.full_like(w, start), params)
        linear = jax.tree.map(jnp.zeros_like, params)
        return FtrlState(jnp.zeros((), jnp.int32), squares, linear)

    def update(grads, state, params):
        step = rate(state.count)
        squares = jax.tree.map(lambda a, g: a + jnp.square(g), state.squares, grads)

        def add(z, g, w, old, new):
            return z + g + 2 * shrinkage * w - (new**power - old**power) / step * w

        def move(z, w, new):
            quadratic = new**power / step + 2 * (l2 + beta / (2 * step))
            return (jnp.clip(z, -l1, l1) - z) / quadratic - w

        linear = jax.tree.map(add, state.linear, grads, params, state.squares, squares)
        updates = jax.tree.map(move, linear, params, squares)
        return updates, FtrlState(state.count + 1, squares, linear)

    return optax.GradientTransformation(init, update)
