"""Even out the brightness of images, tile by tile."""

import jax.numpy as jnp

from kspec.helpers.change_range import change_range


def clahe_tables(tiles, clip_limit):
    """What becomes of values 0 to 255 in each tile: [..., pixels] to [..., 256]."""
    *lead, pixels = tiles.shape
    flat = tiles.reshape(-1, pixels)
    row = jnp.arange(flat.shape[0])[:, None]
    counts = jnp.zeros((flat.shape[0], 256)).at[row, flat].add(1)
    if clip_limit > 0:
        clipped = jnp.minimum(counts, clip_limit * pixels / 256)
        counts = clipped + (counts - clipped).sum(1, keepdims=True) / 256
    total = jnp.cumsum(counts, axis=1)
    first = total[:, :1]
    rest = jnp.where(pixels == first, 1, pixels - first)
    table = jnp.clip((total - first) * 255 / rest, 0, 255)
    return table.reshape(*lead, 256)


def tile_places(count, size):
    """The tiles before and behind each place of an axis, and the latter's share."""
    place = (jnp.arange(count * size) - size / 2) / size
    before = jnp.floor(place)
    near = [jnp.clip(before + i, 0, count - 1).astype(int) for i in (0, 1)]
    return near[0], near[1], place - before


def contrast_limited_adaptive_histogram_equalization(
    x, value_range=(0, 255), clip_limit=4.0, tile_grid_size=(8, 8)
):
    """Even out each tile, bins clipped, and blend between the tiles' middles.

    Source: Zuiderveld, Contrast Limited Adaptive Histogram Equalization, 1994.
    """
    y = change_range(x, value_range, (0, 255))
    batch, height, width, channels = x.shape
    rows, columns = tile_grid_size
    down, across = -(-height // rows), -(-width // columns)
    pads = ((0, 0), (0, down * rows - height), (0, across * columns - width), (0, 0))
    y = jnp.pad(y, pads, mode="symmetric")
    values = jnp.clip(y, 0, 255).astype(int)
    tiles = values.reshape(batch, rows, down, columns, across, channels)
    tiles = tiles.transpose(0, 1, 3, 5, 2, 4)
    tiles = tiles.reshape(batch, rows, columns, channels, down * across)
    tables = clahe_tables(tiles, clip_limit)
    top, bottom, low = tile_places(rows, down)
    left, right, far = tile_places(columns, across)
    image = jnp.arange(batch)[:, None, None, None]
    channel = jnp.arange(channels)
    corners = [
        tables[image, r[:, None, None], c[:, None], channel, values]
        for r in (top, bottom)
        for c in (left, right)
    ]
    low, far = low[:, None, None], far[:, None]
    above = corners[0] * (1 - far) + corners[1] * far
    below = corners[2] * (1 - far) + corners[3] * far
    y = (above * (1 - low) + below * low)[:, :height, :width]
    return change_range(y, (0, 255), value_range)
