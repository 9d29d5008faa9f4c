"""Take all color out of some images."""

import jax.numpy as jnp

from kspec.helpers.grayscale import grayscale
from kspec.helpers.uniform_each import uniform_each


def random_grayscale_draw(key, count, factor):
    """Which examples become gray: a part `factor` of them."""
    return uniform_each(key, count, (0, 1))[0] < factor


def random_grayscale_apply(x, chosen):
    """Gray for the chosen images, in as many channels as before."""
    return jnp.where(chosen[:, None, None, None], grayscale(x), x)


def random_grayscale(x, key, factor=0.5):
    """Take all color out of some images."""
    return random_grayscale_apply(x, random_grayscale_draw(key, x.shape[0], factor))
