"""Zoom images at random."""

from kspec.helpers.affine_rows import affine_rows
from kspec.helpers.uniform_each import uniform_each
from kspec.helpers.warp_affine import warp_affine


def random_zoom_draw(key, count, height_factor, width_factor):
    """How much of the height and width shows: below 1 zooms in, above 1 out."""
    if width_factor is None:
        height = 1 + uniform_each(key, count, height_factor)[0]
        return height, height
    return tuple(1 + uniform_each(key, count, height_factor, width_factor))


def random_zoom_apply(x, height, width, fill_mode, interpolation, fill_value):
    """Zoom each image about its middle."""
    row, column = (x.shape[1] - 1) / 2, (x.shape[2] - 1) / 2
    matrix = affine_rows(height, 0, row * (1 - height), 0, width, column * (1 - width))
    return warp_affine(x, matrix, interpolation, fill_mode, fill_value)


def random_zoom(
    x,
    key,
    height_factor,
    width_factor=None,
    fill_mode="reflect",
    interpolation="bilinear",
    fill_value=0.0,
):
    """Zoom each image by amounts of its own; without `width_factor` evenly."""
    height, width = random_zoom_draw(key, x.shape[0], height_factor, width_factor)
    return random_zoom_apply(x, height, width, fill_mode, interpolation, fill_value)
