"""Rows of category numbers to counts."""

from __future__ import annotations

import jax.numpy as jnp


def count_categories(numbers, depth, most=0, weights=1.0):
    """How often each category is among those of an example: i32[B, n] to f32[B, depth].

    Each counts as its weight, and with `most` at most as that. Other numbers are none.
    """
    rows = jnp.arange(numbers.shape[0])[:, None]
    places = jnp.where((numbers >= 0) & (numbers < depth), numbers, depth)
    counts = jnp.zeros((numbers.shape[0], depth), jnp.float32)
    counts = counts.at[rows, places].add(weights, mode="drop")
    return jnp.minimum(counts, most) if most else counts
