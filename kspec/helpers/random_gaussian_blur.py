"""Blur images at random."""

import jax.numpy as jnp

from kspec.helpers.uniform_each import uniform_each


def random_gaussian_blur_draw(key, count, factor, sigma):
    """Which examples to blur, and how far, [count, 2], across and down."""
    drawn = uniform_each(key, count, factor, (0, 1), sigma, sigma)
    return drawn[1] < drawn[0], drawn[2:].T + 1e-6


def random_gaussian_blur_apply(x, chosen, sigma, kernel_size, value_range):
    """Blur the chosen images, columns after rows; there is 0 beyond the rim."""
    across, down = kernel_size
    weights = (blur_weights(across, sigma[:, 0]), blur_weights(down, sigma[:, 1]))
    height, width = x.shape[1:3]
    padded = jnp.pad(x, ((0, 0), (down // 2, down // 2), (0, 0), (0, 0)))
    y = sum(weights[1][i] * padded[:, i : i + height] for i in range(down))
    padded = jnp.pad(y, ((0, 0), (0, 0), (across // 2, across // 2), (0, 0)))
    y = sum(weights[0][i] * padded[:, :, i : i + width] for i in range(across))
    y = jnp.where(chosen[:, None, None, None], y, x)
    return jnp.clip(y, *value_range)


def blur_weights(size, sigma):
    """A bell curve over `size` places for each sigma, [size, B, 1, 1, 1]."""
    place = jnp.arange(size) - (size - 1) / 2
    bell = jnp.exp(-0.5 * jnp.square(place[:, None] / sigma))
    return (bell / bell.sum(0))[..., None, None, None]


def random_gaussian_blur(
    x,
    key,
    factor=(0.0, 1.0),
    kernel_size=(3, 3),
    sigma=(0.0, 1.0),
    value_range=(0, 255),
):
    """Blur some images by amounts of their own."""
    drawn = random_gaussian_blur_draw(key, x.shape[0], factor, sigma)
    return random_gaussian_blur_apply(x, *drawn, kernel_size, value_range)
