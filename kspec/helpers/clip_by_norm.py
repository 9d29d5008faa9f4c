"""Gradients of a bounded length."""

import jax
import jax.numpy as jnp
import optax


def clip_by_norm(largest):
    """Scale the gradient of each weight whose norm is above `largest` down to it.

    Optax has the norm of all gradients together, `optax.clip_by_global_norm`.
    """

    def clip(grad):
        norm = jnp.sqrt(jnp.sum(jnp.square(grad)))
        return grad * largest / jnp.maximum(norm, largest)

    return optax.stateless(lambda grads, params: jax.tree.map(clip, grads))
