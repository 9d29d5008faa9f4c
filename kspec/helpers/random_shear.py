"""Shear images at random."""

import jax.numpy as jnp

from kspec.helpers.affine_rows import affine_rows
from kspec.helpers.uniform_each import uniform_each
from kspec.helpers.warp_affine import warp_affine


def random_shear_draw(key, count, x_factor, y_factor):
    """How far columns move with each row, and rows with each column."""
    across, down, chance = uniform_each(key, count, x_factor, y_factor, (0, 1))
    sign = jnp.where(chance > 0.5, -1.0, 1.0)
    return sign * across, sign * down


def random_shear_matrix(across, down):
    """Where each place of a sheared image comes from; its first pixel stays."""
    return affine_rows(1, down, 0, across, 1, 0)


def random_shear_apply(x, across, down, interpolation, fill_mode, fill_value):
    """Shear each image."""
    matrix = random_shear_matrix(across, down)
    return warp_affine(x, matrix, interpolation, fill_mode, fill_value)


def random_shear(
    x,
    key,
    x_factor=(0.0, 0.0),
    y_factor=(0.0, 0.0),
    interpolation="bilinear",
    fill_mode="reflect",
    fill_value=0.0,
):
    """Shear each image by amounts of its own."""
    across, down = random_shear_draw(key, x.shape[0], x_factor, y_factor)
    return random_shear_apply(x, across, down, interpolation, fill_mode, fill_value)
