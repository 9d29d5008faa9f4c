"""Look at images from random places."""

import jax.numpy as jnp

from kspec.helpers.resample import resample
from kspec.helpers.uniform_each import uniform_each


def random_perspective_draw(key, count, factor, scale):
    """Whether to change each example, and how far its corners go, [count, 4, 2]."""
    half = 0.5 * scale
    ranges = (factor, (0, 1), *[(-half, half)] * 8)
    odds, chance, *moves = uniform_each(key, count, *ranges)
    return chance < odds, jnp.stack(moves, axis=1).reshape(count, 4, 2)


def homography(start, end):
    """The eight numbers of the projective map from `end` to `start`, [B, 4, 2] each.

    Source: two linear equations for each pair of points, as in Heckbert, Fundamentals
    of Texture Mapping and Image Warping, 1989.
    """
    x, y = end[..., 0], end[..., 1]
    none, one = jnp.zeros_like(x), jnp.ones_like(x)
    u, v = start[..., 0], start[..., 1]
    upper = jnp.stack([x, y, one, none, none, none, -u * x, -u * y], axis=-1)
    lower = jnp.stack([none, none, none, x, y, one, -v * x, -v * y], axis=-1)
    system = jnp.concatenate([upper, lower], axis=1)
    target = jnp.concatenate([u, v], axis=1)[..., None]
    return jnp.linalg.solve(system, target)[..., 0]


def random_perspective_apply(x, changed, moves, interpolation, fill_value):
    """Move the corners (x, y) by parts of themselves; the first one stays."""
    height, width = x.shape[1:3]
    right, bottom = width - 1.0, height - 1.0
    corners = ((0.0, 0.0), (right, 0.0), (0.0, bottom), (right, bottom))
    start = jnp.broadcast_to(jnp.array(corners), moves.shape)
    h = homography(start, start * (1 + moves))[:, :, None, None]
    row, column = jnp.arange(height)[:, None], jnp.arange(width)
    depth = h[:, 6] * column + h[:, 7] * row + 1
    columns = (h[:, 0] * column + h[:, 1] * row + h[:, 2]) / depth
    rows = (h[:, 3] * column + h[:, 4] * row + h[:, 5]) / depth
    y = resample(x, rows, columns, interpolation, "constant", fill_value)
    return jnp.where(changed[:, None, None, None], y, x)


def random_perspective(
    x, key, factor, scale=1.0, interpolation="bilinear", fill_value=0.0
):
    """Show some images as if their corners were nearer or farther."""
    changed, moves = random_perspective_draw(key, x.shape[0], factor, scale)
    return random_perspective_apply(x, changed, moves, interpolation, fill_value)
