"""Adafactor as Keras writes it."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax


class AdafactorState(NamedTuple):
    """Mean squares of the gradient by rows and by columns, and the number of updates.

    A weight with one axis or none has all its mean squares in `rows`.
    """

    count: jax.Array
    rows: optax.Updates
    columns: optax.Updates


def keras_adafactor(rate, beta_2_decay, epsilon_1, epsilon_2, clip_threshold):
    """Steps in proportion to the weights, over a mean square kept by rows and columns.

    `rate` is a function of the update's number, from 0. Source: Shazeer and Stern,
    Adafactor, 2018.
    """

    def rms(x):
        return jnp.sqrt(jnp.mean(jnp.square(x)))

    def zeros(shape):
        return lambda w: jnp.zeros(shape(w.shape), w.dtype)

    def init(params):
        rows = zeros(lambda shape: shape[:-1] if len(shape) > 1 else shape)
        columns = zeros(lambda shape: shape[:-2] + shape[-1:] if len(shape) > 1 else ())
        return AdafactorState(
            jnp.zeros((), jnp.int32),
            jax.tree.map(rows, params),
            jax.tree.map(columns, params),
        )

    def update(grads, state, params):
        step = (state.count + 1).astype(jnp.float32)
        kept = 1 - step**beta_2_decay
        size = jnp.minimum(rate(state.count), 1 / jnp.sqrt(step))
        squares = jax.tree.map(lambda g: jnp.square(g) + epsilon_1, grads)

        def row(r, s):
            return kept * r + (1 - kept) * (s.mean(-1) if s.ndim > 1 else s)

        def column(c, s):
            return kept * c + (1 - kept) * s.mean(-2) if s.ndim > 1 else c

        def move(g, r, c, w):
            if g.ndim > 1:
                r = (r / r.mean(-1, keepdims=True))[..., None] * c[..., None, :]
            u = g / jnp.sqrt(r)
            u = u / jnp.maximum(1.0, rms(u) / clip_threshold)
            return -size * jnp.maximum(epsilon_2, rms(w)) * u

        rows = jax.tree.map(row, state.rows, squares)
        columns = jax.tree.map(column, state.columns, squares)
        updates = jax.tree.map(move, grads, rows, columns, params)
        return updates, AdafactorState(state.count + 1, rows, columns)

    return optax.GradientTransformation(init, update)
