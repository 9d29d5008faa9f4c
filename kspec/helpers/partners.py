"""Pairs of examples."""

import jax
import jax.numpy as jnp


def partners(key, mask):
    """A random order of the rows with mask 1 among themselves, [B]; so of the others.

    Row i is paired with row partners[i]: rows that only fill a batch up stay apart.
    """
    chance = jax.random.uniform(key, mask.shape)
    mixed = jnp.lexsort((chance, 1 - mask))
    place = jnp.argsort(1 - mask, stable=True)
    return jnp.zeros_like(mixed).at[place].set(mixed)


def blend(label, partner, weight):
    """Labels [B, ...] mixed with those of the partners; `weight` [B] is their own."""
    weight = weight.reshape(-1, *[1] * (label.ndim - 1))
    return weight * label + (1 - weight) * label[partner]
