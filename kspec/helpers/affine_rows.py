"""Matrices of affine maps."""

import jax.numpy as jnp


def affine_rows(*entries):
    """Six entries, each a number or [B], as matrices [B, 2, 3], row by row."""
    columns = jnp.broadcast_arrays(*(jnp.asarray(e, jnp.float32) for e in entries))
    return jnp.stack(columns, axis=-1).reshape(-1, 2, 3)
