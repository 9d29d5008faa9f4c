"""Kernels that take a Fourier transform of each stretch of a signal."""

import jax.numpy as jnp

# The windows that are sums of cosines: the factor of each.
COSINES = {
    "blackman": (0.42, 0.5, 0.08),
    "blackmanharris": (0.35875, 0.48829, 0.14128, 0.01168),
    "boxcar": (1.0,),
    "flattop": (0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368),
    "hamming": (0.54, 0.46),
    "hann": (0.5, 0.5),
    "nuttall": (0.3635819, 0.4891775, 0.1365995, 0.0106411),
}


# The others, from places between 0 and 1, elements from the middle, and the size.
CURVES = {
    "barthann": lambda place, off, size: (
        0.62
        - 0.48 * jnp.abs(place - 0.5)
        + 0.38 * jnp.cos(2 * jnp.pi * jnp.abs(place - 0.5))
    ),
    "bartlett": lambda place, off, size: 1 - 2 * off / (size - 1),
    "bohman": lambda place, off, size: jnp.where(
        off < (size - 1) / 2,
        (1 - 2 * off / (size - 1)) * jnp.cos(2 * jnp.pi * off / (size - 1))
        + jnp.sin(2 * jnp.pi * off / (size - 1)) / jnp.pi,
        0.0,
    ),
    "cosine": lambda place, off, size: jnp.cos(jnp.pi * off / size),
    "exponential": lambda place, off, size: jnp.exp(-off),
    "lanczos": lambda place, off, size: jnp.sinc(2 * place - 1),
    "parzen": lambda place, off, size: jnp.where(
        off <= (size - 1) / 4,
        1 - 6 * (2 * off / size) ** 2 + 6 * (2 * off / size) ** 3,
        2 * (1 - 2 * off / size) ** 3,
    ),
    "triang": lambda place, off, size: 1 - 2 * off / (size + size % 2),
    "tukey": lambda place, off, size: jnp.where(
        (size - 1) / 2 - off <= (size - 1) // 4,
        0.5 - 0.5 * jnp.cos(2 * jnp.pi * (1 - 2 * off / (size - 1))),
        1.0,
    ),
}


def window_values(name, length, periodic):
    """A window of SciPy; a periodic one is a longer one without its last element."""
    if length == 1:
        return jnp.ones(1)
    size = length + 1 if periodic else length
    place = jnp.arange(size) / (size - 1)
    if name in COSINES:
        turns = jnp.pi * (2 * place - 1)
        values = sum(a * jnp.cos(k * turns) for k, a in enumerate(COSINES[name]))
    else:
        off = jnp.abs(jnp.arange(size) - (size - 1) / 2)
        values = CURVES[name](place, off, size)
    return values[:length]


def stft(shape, dtype, side="real", window="hann", scaling="density", periodic=False):
    """The real or the imaginary part of the waves, [length, 1, frequencies]."""
    length, _, count = shape
    frequency = jnp.arange(count, dtype=dtype).reshape(1, 1, count) / ((count - 1) * 2)
    time = jnp.arange(length, dtype=dtype).reshape(length, 1, 1)
    angle = -2 * time * frequency * jnp.arccos(jnp.asarray(-1, dtype))
    kernel = jnp.cos(angle) if side == "real" else jnp.sin(angle)
    if window is None:
        return kernel
    if isinstance(window, str):
        window = window_values(window, length, periodic)
    window = jnp.asarray(window, dtype).reshape(length, 1, 1)
    scale = 1
    if scaling == "density":
        scale = jnp.sqrt(jnp.sum(jnp.square(window)))
    elif scaling == "spectrum":
        scale = jnp.sum(jnp.abs(window))
    return kernel * window / scale
