"""Cut windows out of images at random."""

import jax
import jax.numpy as jnp

from kspec.helpers.uniform_each import uniform_each


def random_crop_draw(key, count, rooms):
    """The window's first row and column, from 0 to each of `rooms`."""
    drawn = uniform_each(key, count, (0, rooms[0] + 1), (0, rooms[1] + 1))
    return tuple(jnp.floor(drawn).astype(int))


def random_crop_apply(x, top, left, height, width):
    """The window of each image."""

    def window(image, top, left):
        sizes = (height, width, image.shape[2])
        return jax.lax.dynamic_slice(image, (top, left, 0), sizes)

    return jax.vmap(window)(x, top, left)


def random_crop(x, key, height, width):
    """A window of each image at a place of its own."""
    rooms = (x.shape[1] - height, x.shape[2] - width)
    top, left = random_crop_draw(key, x.shape[0], rooms)
    return random_crop_apply(x, top, left, height, width)
