"""Erase rectangles of images at random."""

import jax
import jax.numpy as jnp

from kspec.helpers.inside_boxes import inside_boxes
from kspec.helpers.uniform_each import uniform_each


def random_erasing_draw(key, count, factor, scale):
    """Which examples lose a rectangle, its sizes, and its places, in parts.

    sizes, places: [count, 2], across and down; places are parts of the room left.
    """
    ranges = (factor, (0, 1), scale, scale, (0, 1), (0, 1))
    drawn = uniform_each(key, count, *ranges)
    return drawn[1] < drawn[0], jnp.sqrt(drawn[2:4].T), drawn[4:].T


def random_erasing_noise(key, x, value_range):
    """Noise to fill rectangles with, of the shape of the images."""
    keys = jax.random.split(key, x.shape[0])
    noise = jax.vmap(lambda k: jax.random.normal(k, x.shape[1:]))(keys)
    return noise * value_range[1]


def random_erasing_apply(x, chosen, sizes, places, fill, value_range):
    """Fill the rectangles."""
    inside, _ = inside_boxes(x, sizes, places)
    inside = inside & chosen[:, None, None, None]
    return jnp.where(inside, jnp.clip(fill, *value_range), x)


def random_erasing(
    x, key, factor=(0.0, 1.0), scale=(0.02, 0.33), fill_value=None, value_range=(0, 255)
):
    """Fill a rectangle of some images with `fill_value`, or with noise."""
    draw_key, noise_key = jax.random.split(key)
    drawn = random_erasing_draw(draw_key, x.shape[0], factor, scale)
    if fill_value is None:
        fill = random_erasing_noise(noise_key, x, value_range)
    else:
        fill = jnp.asarray(fill_value, x.dtype)
    return random_erasing_apply(x, *drawn, fill, value_range)
