"""Bands of frequencies that are as wide to the ear."""

import jax.numpy as jnp


def mel_bands(frequencies, bands, sampling_rate, low, high):
    """How much each frequency counts in each band, [frequencies, bands].

    Bands are triangles of height 1 whose corners lie evenly, in mels, from `low` to
    `high` Hz; each begins in the middle of the one before. Frequency 0 counts in none.
    Source: the HTK book, Young et al.: mel = 1127 ln(1 + Hz / 700).
    """
    hertz = jnp.linspace(0.0, sampling_rate / 2, frequencies)[1:]
    place = 1127.0 * jnp.log(1.0 + hertz[:, None] / 700.0)
    ends = 1127.0 * jnp.log(1.0 + jnp.array([low, high]) / 700.0)
    corners = jnp.linspace(ends[0], ends[1], bands + 2)
    left, middle, right = corners[:-2], corners[1:-1], corners[2:]
    up, down = (place - left) / (middle - left), (right - place) / (right - middle)
    return jnp.pad(jnp.maximum(0.0, jnp.minimum(up, down)), ((1, 0), (0, 0)))
