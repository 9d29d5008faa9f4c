"""Shift images at random."""

from kspec.helpers.affine_rows import affine_rows
from kspec.helpers.uniform_each import uniform_each
from kspec.helpers.warp_affine import warp_affine


def random_translation_draw(key, count, height_factor, width_factor):
    """Shifts down and to the right, in parts of the height and width."""
    return tuple(uniform_each(key, count, height_factor, width_factor))


def random_translation_matrix(size, down, right):
    """Where each place of a shifted image of a size comes from."""
    return affine_rows(1, 0, -down * size[0], 0, 1, -right * size[1])


def random_translation_apply(x, down, right, fill_mode, interpolation, fill_value):
    """Shift each image."""
    matrix = random_translation_matrix(x.shape[1:3], down, right)
    return warp_affine(x, matrix, interpolation, fill_mode, fill_value)


def random_translation(
    x,
    key,
    height_factor,
    width_factor,
    fill_mode="reflect",
    interpolation="bilinear",
    fill_value=0.0,
):
    """Shift each image by an amount of its own."""
    down, right = random_translation_draw(key, x.shape[0], height_factor, width_factor)
    return random_translation_apply(
        x, down, right, fill_mode, interpolation, fill_value
    )
