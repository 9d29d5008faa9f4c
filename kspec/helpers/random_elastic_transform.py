"""Bend images at random."""

import jax
import jax.numpy as jnp

from kspec.helpers.resample import resample
from kspec.helpers.uniform_each import uniform_each


def random_elastic_transform_draw(key, count, factor, scale, shape):
    """Which examples to bend, how much, and noise [count, 2, *shape] to bend along."""
    key, noise_key = jax.random.split(key)
    odds, chance, amount = uniform_each(key, count, factor, (0, 1), scale)
    keys = jax.random.split(noise_key, count)
    noise = jax.vmap(lambda k: jax.random.normal(k, (2, *shape)))(keys)
    return chance < odds, amount, noise


def blur_matrix(size, sigma):
    """What blurs an axis of a batch, [B, size, size]; there is 0 beyond its ends."""
    sigma = sigma[:, None, None]
    step = jnp.arange(-size, size + 1)
    reach = jnp.floor(3 * sigma)
    bell = jnp.exp(-0.5 * jnp.square(step / sigma)) * (jnp.abs(step) <= reach)
    bell = bell / bell.sum(-1, keepdims=True)
    place = jnp.arange(size)
    return bell[:, 0][:, place - place[:, None] + size]


def random_elastic_transform_apply(
    x, chosen, scale, noise, interpolation, fill_mode, fill_value, value_range
):
    """Move each place of the chosen images along noise that is blurred.

    Source: Simard et al., Best Practices for Convolutional Neural Networks, 2003.
    """
    height, width = x.shape[1:3]
    reach = 0.1 * scale * max(height, width)
    sigma = jnp.maximum(0.05 * scale * min(height, width), 1e-6)
    rows, columns = blur_matrix(height, sigma), blur_matrix(width, sigma)
    smooth = rows[:, None] @ noise @ columns[:, None].swapaxes(-1, -2)
    move = (reach * sigma)[:, None, None, None] * smooth
    down, right = jnp.arange(height)[:, None], jnp.arange(width)
    places = down + move[:, 1], right + move[:, 0]
    y = resample(x, *places, interpolation, fill_mode, fill_value)
    return jnp.clip(jnp.where(chosen[:, None, None, None], y, x), *value_range)


def random_elastic_transform(
    x,
    key,
    factor=(0.0, 1.0),
    scale=(0.0, 1.0),
    interpolation="bilinear",
    fill_mode="reflect",
    fill_value=0.0,
    value_range=(0, 255),
):
    """Bend some images by amounts of their own."""
    shape = x.shape[1:3]
    drawn = random_elastic_transform_draw(key, x.shape[0], factor, scale, shape)
    return random_elastic_transform_apply(
        x, *drawn, interpolation, fill_mode, fill_value, value_range
    )
