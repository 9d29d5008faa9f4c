"""The circle loss of each example against all others of its batch."""

import jax
import jax.numpy as jnp


def circle(label, embedding, mask, gamma, margin, remove_diagonal):
    """`softplus(logsumexp(alike) + logsumexp(others))` over the pairs of each example.

    label: int[B], embedding: [B, D] of length 1, mask: [B] of 0 and 1, result: [B].
    An example without both an alike and another one gives 0.
    """
    distance = jnp.maximum(1 - embedding @ embedding.T, 0)
    same = label[:, None] == label[None, :]
    pair = (mask[:, None] > 0) & (mask[None, :] > 0)
    alike = same & pair
    if remove_diagonal:
        alike = alike & ~jnp.eye(len(label), dtype=bool)
    others = ~same & pair
    pull = gamma * jnp.maximum(distance + margin, 0) * (distance - margin)
    push = gamma * jnp.maximum(1 + margin - distance, 0) * (1 - margin - distance)
    pull = jax.nn.logsumexp(jnp.where(alike, pull, -jnp.inf), axis=1)
    push = jax.nn.logsumexp(jnp.where(others, push, -jnp.inf), axis=1)
    return jax.nn.softplus(pull + push)
