"""Turn, shift, shear, zoom and flip images at random, in one step."""

import jax.numpy as jnp

from kspec.helpers.affine_rows import affine_rows
from kspec.helpers.uniform_each import uniform_each
from kspec.helpers.warp_affine import warp_affine


def random_affine_draw(key, count, rotation, shift, shear, zoom, flip):
    """Angle, shifts, shear, zooms and flips of each example.

    Shifts are parts of height and width; a flip is 1 where it is to be done, else 0.
    """
    axes = {"none": (0, 0), "horizontal": (0, 1), "vertical": (1, 0)}
    vertical, horizontal = axes.get(flip, (1, 1))
    both_ways = ((-most, most) for most in (rotation, *shift, shear))
    ranges = (*both_ways, zoom, zoom, (0, 1), (0, 1))
    *amounts, first, second = uniform_each(key, count, *ranges)
    return *amounts, vertical * (first < 0.5), horizontal * (second < 0.5)


def random_affine_apply(
    x, angle, down, right, shear, rows, columns, vertical, horizontal, fill, fill_value
):
    """Resample each image once: rotation @ shift @ shear @ zoom, about its middle.

    The factors and their order are those of ImageDataGenerator, which flips afterwards.
    """
    height, width = x.shape[1:3]
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    down, right = down * height, right * width
    # A flip reads the place on the other side of the middle.
    rows, columns = rows * (1 - 2 * vertical), columns * (1 - 2 * horizontal)
    a, b = jnp.cos(angle + shear) * rows, sin * columns
    c, d = -jnp.sin(angle + shear) * rows, cos * columns
    row, column = (height - 1) / 2, (width - 1) / 2
    matrix = affine_rows(
        *(a, b, sin * right + cos * down + row - a * row - b * column),
        *(c, d, cos * right - sin * down + column - c * row - d * column),
    )
    return warp_affine(x, matrix, "bilinear", fill, fill_value)


def random_affine(
    x,
    key,
    rotation=0.0,
    shift=(0.0, 0.0),
    shear=0.0,
    zoom=(1.0, 1.0),
    flip="none",
    fill="nearest",
    fill_value=0.0,
):
    """Turn, shift, shear, zoom and flip each image by amounts of its own."""
    count = x.shape[0]
    drawn = random_affine_draw(key, count, rotation, shift, shear, zoom, flip)
    return random_affine_apply(x, *drawn, fill, fill_value)
