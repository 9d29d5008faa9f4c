"""Crossentropy of probabilities against class numbers."""

import jax.numpy as jnp


def sparse_categorical_crossentropy(label, probabilities):
    """`-log(p[label])`, with p made to sum to 1 and clipped to [1e-7, 1 - 1e-7].

    label: int[B, ...], probabilities: [B, ..., classes], result: [B, ...].
    """
    total = jnp.sum(probabilities, axis=-1, keepdims=True)
    clipped = jnp.clip(probabilities / total, 1e-7, 1 - 1e-7)
    chosen = jnp.take_along_axis(clipped, label[..., None], axis=-1)
    return -jnp.log(chosen[..., 0])
