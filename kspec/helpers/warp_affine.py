"""Affine maps of images."""

import jax.numpy as jnp

from kspec.helpers.resample import resample


def warp_affine(x, matrix, interpolation, fill_mode, fill_value):
    """Give each place of images [B, H, W, C] what an affine map of it points at.

    matrix: [B, 2, 3]; place (row, column) shows the image at matrix @ (row, column, 1).
    """
    row = jnp.arange(x.shape[1], dtype=jnp.float32)[:, None]
    column = jnp.arange(x.shape[2], dtype=jnp.float32)
    m = matrix[:, :, :, None, None]
    rows = m[:, 0, 0] * row + m[:, 0, 1] * column + m[:, 0, 2]
    columns = m[:, 1, 0] * row + m[:, 1, 1] * column + m[:, 1, 2]
    return resample(x, rows, columns, interpolation, fill_mode, fill_value)
