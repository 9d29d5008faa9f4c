"""A mean over some entries of a batch, as a mean over all of them."""

import jax.numpy as jnp


def scale_to_kept(each, kept, mask):
    """`each` such that its mean over real rows is the mean of what is kept there.

    each, kept: [B, ...], mask: [B] of 0 and 1; nothing kept gives 0.
    """
    real = jnp.broadcast_to(mask.reshape(-1, *[1] * (each.ndim - 1)), each.shape)
    scale = jnp.sum(real) / jnp.maximum(jnp.sum(real * kept), 1)
    return jnp.where(kept, each * scale.astype(each.dtype), 0)
