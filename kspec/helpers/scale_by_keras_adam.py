"""Adam as Keras writes it."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax


class AdamState(NamedTuple):
    """Moments of the gradient, by weight, and the number of updates."""

    count: jax.Array
    first: optax.Updates
    second: optax.Updates
    largest: optax.Updates | None


def scale_by_keras_adam(beta_1, beta_2, epsilon, amsgrad=False):
    """Divide the first moment by the root of the second, corrected for their start.

    `epsilon` is added before the correction, as "epsilon hat" in the paper; Optax adds
    its own after. Source: Kingma and Ba, Adam, 2015, end of section 2; `amsgrad`: Reddi
    et al., On the Convergence of Adam and Beyond, 2018.
    """

    def init(params):
        first, second, largest = (
            jax.tree.map(jnp.zeros_like, params) for _ in range(3)
        )
        count = jnp.zeros((), jnp.int32)
        return AdamState(count, first, second, largest if amsgrad else None)

    def update(grads, state, params=None):
        del params
        count = state.count + 1
        first = jax.tree.map(
            lambda m, g: m + (g - m) * (1 - beta_1), state.first, grads
        )
        second = jax.tree.map(
            lambda v, g: v + (jnp.square(g) - v) * (1 - beta_2), state.second, grads
        )
        largest = jax.tree.map(jnp.maximum, state.largest, second) if amsgrad else None
        root = largest if amsgrad else second
        correction = jnp.sqrt(1 - beta_2**count) / (1 - beta_1**count)
        updates = jax.tree.map(
            lambda m, v: m * correction / (jnp.sqrt(v) + epsilon), first, root
        )
        return updates, AdamState(count, first, second, largest)

    return optax.GradientTransformation(init, update)
