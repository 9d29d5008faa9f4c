"""Ranks among scores."""

import jax.numpy as jnp


def in_top_k(label, scores, k):
    """Whether fewer than `k` scores are higher than that of the label.

    label: int[B, ...], scores: [B, ..., classes], result: bool[B, ...]. A score that is
    no number is the lowest.
    """
    own = jnp.take_along_axis(scores, label[..., None], axis=-1)
    own = jnp.where(jnp.isnan(own), -jnp.inf, own)
    return jnp.sum(scores > own, axis=-1) < k
