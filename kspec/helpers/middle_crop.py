"""The middle of images."""

import jax.numpy as jnp

from kspec.helpers.resample import resample


def middle_crop(x, height, width):
    """The largest window in the middle that has the shape height to width, resized."""
    rows, columns = x.shape[1:3]
    crop_rows = max(min(rows, columns * height // width), 1)
    crop_columns = max(min(columns, rows * width // height), 1)
    top, left = (rows - crop_rows) // 2, (columns - crop_columns) // 2
    row = top + (jnp.arange(height) + 0.5) * (crop_rows / height) - 0.5
    column = left + (jnp.arange(width) + 0.5) * (crop_columns / width) - 0.5
    row = jnp.clip(row, top, top + crop_rows - 1)
    column = jnp.clip(column, left, left + crop_columns - 1)
    places = jnp.broadcast_arrays(row[None, :, None], column[None, None])
    batch = (x.shape[0], height, width)
    rows, columns = (jnp.broadcast_to(each, batch) for each in places)
    return resample(x, rows, columns, "bilinear", "nearest", 0.0)
