"""Even out the brightness of images."""

import jax.numpy as jnp


def equalization(x, value_range=(0, 255), bins=256):
    """Give each channel values whose histogram is flat.

    A value becomes the part of the channel's values that are not above it.
    """
    low, high = value_range
    scale = 255 / (high - low)
    y = x * scale - low * scale
    batch, height, width, channels = x.shape
    rows = jnp.moveaxis(y, 3, 1).reshape(batch * channels, height * width)
    bucket = jnp.clip((rows * (bins - 1) / 255).astype(int), 0, bins - 1)
    row = jnp.arange(rows.shape[0])[:, None]
    counts = jnp.zeros((rows.shape[0], bins)).at[row, bucket].add(1)
    total = jnp.cumsum(counts, axis=1)
    first = jnp.min(jnp.where(total > 0, total, total[:, -1:]), axis=1, keepdims=True)
    rest = total[:, -1:] - first
    table = jnp.round((total - first) * 255 / jnp.where(rest > 0, rest, 1))
    place = jnp.clip(rows / 255 * (bins - 1), 0, bins - 1).astype(int)
    even = jnp.take_along_axis(jnp.clip(table, 0, 255), place, axis=1)
    # A channel of one value has nothing to even out.
    even = jnp.where((counts > 0).sum(1, keepdims=True) > 1, even, rows)
    back = (high - low) / 255
    y = jnp.moveaxis(even.reshape(batch, channels, height, width), 1, 3)
    return y * back + low
