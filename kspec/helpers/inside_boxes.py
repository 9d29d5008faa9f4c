"""Rectangles in images."""

import jax.numpy as jnp


def inside_boxes(x, sizes, places):
    """Which places of images [B, H, W, C] lie in a box, and how much of each it covers.

    sizes: [B, 2], parts of the width and height; places: [B, 2], parts of the room
    that is left. Returns [B, H, W, 1], and parts [B].
    """
    height, width = x.shape[1:3]
    size = sizes * jnp.array([width, height], x.dtype)
    low = places * (jnp.array([width, height], x.dtype) - size)
    high = low + size
    place = jnp.arange(width), jnp.arange(height)
    across, down = (
        (place[i] >= low[:, i, None]) & (place[i] < high[:, i, None]) for i in (0, 1)
    )
    covered = jnp.prod(high - low, axis=1) / (width * height)
    return (down[:, :, None] & across[:, None, :])[..., None], covered
