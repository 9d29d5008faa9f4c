"""Turn images at random."""

import jax.numpy as jnp

from kspec.helpers.affine_rows import affine_rows
from kspec.helpers.uniform_each import uniform_each
from kspec.helpers.warp_affine import warp_affine


def random_rotation_draw(key, count, factor):
    """Angles in radians; `factor` bounds them in full turns."""
    turn = 2 * jnp.pi
    return uniform_each(key, count, (factor[0] * turn, factor[1] * turn))[0]


def random_rotation_matrix(size, angle):
    """Where each place of an image of a size, turned about its middle, comes from.

    Positive angles are counter-clockwise.
    """
    row, column = (size[0] - 1) / 2, (size[1] - 1) / 2
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    return affine_rows(
        *(cos, sin, row - row * cos - column * sin),
        *(-sin, cos, column + row * sin - column * cos),
    )


def random_rotation_apply(x, angle, fill_mode, interpolation, fill_value):
    """Turn each image about its middle."""
    matrix = random_rotation_matrix(x.shape[1:3], angle)
    return warp_affine(x, matrix, interpolation, fill_mode, fill_value)


def random_rotation(
    x, key, factor, fill_mode="reflect", interpolation="bilinear", fill_value=0.0
):
    """Turn each image by an angle of its own."""
    angle = random_rotation_draw(key, x.shape[0], factor)
    return random_rotation_apply(x, angle, fill_mode, interpolation, fill_value)
