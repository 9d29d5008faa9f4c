"""Maximum over windows that stand side by side, with a derivative of its own.

XLA finds the largest element of each window again in the backward pass, one by one
(`select-and-scatter`, which on a CPU runs on one thread). Where windows do not overlap
each element is in one of them, and has its slope if it is the first of the largest:
comparisons by element.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from kspec.helpers.max_pool import max_pool


@partial(jax.custom_vjp, nondiff_argnums=(1, 2, 3))
def max_pool_tiles(x, window, strides, padding):
    """The largest element of each window. x: [B, *spatial, C].

    `strides` are those of `window`, and with `padding="same"` windows fill the axes.
    """
    return max_pool(x, window, strides, padding)


def tiles_forward(x, window, strides, padding):
    """The maxima, and what the backward pass reads."""
    return max_pool(x, window, strides, padding), x


def tiles_backward(window, strides, padding, x, slope):
    """The slope of x; on a device that is no CPU by XLA."""

    def by_xla(x, slope):
        _, pull = jax.vjp(lambda x: max_pool(x, window, strides, padding), x)
        return pull(slope)[0]

    by_tiles = partial(slope_by_tiles, window)
    slope_of = jax.lax.platform_dependent
    return (slope_of(x, slope, cpu=by_tiles, default=by_xla),)


def slope_by_tiles(window, x, slope):
    """The slope of each maximum where it is found first, and zero elsewhere.

    Where that is, is one number for each window. So no slope is lost where XLA computes
    an element more than once, and rounds it in more than one way.
    """
    batch, *places, channels = slope.shape
    covered = [size * width for size, width in zip(places, window, strict=True)]
    cut = x[(slice(None), *map(slice, covered))]
    pairs = [axis for pair in zip(places, window, strict=True) for axis in pair]
    tiles = cut.reshape(batch, *pairs, channels)
    steps = np.ndindex(*window)
    starts = [[each for step in at for each in (slice(None), step)] for at in steps]
    parts = [tiles[(slice(None), *start)] for start in starts]
    numbers = np.arange(len(parts), dtype=np.min_scalar_type(len(parts) - 1))
    largest, found = parts[0], jnp.zeros(slope.shape, numbers.dtype)
    for number, part in zip(numbers[1:], parts[1:], strict=True):
        larger = part > largest
        largest = jnp.where(larger, part, largest)
        found = jnp.where(larger, number, found)
    inside = [2 * axis + 2 for axis in range(len(window))]  # the axes of a window
    own = np.expand_dims(
        numbers.reshape(window), [0, *(axis - 1 for axis in inside), inside[-1] + 1]
    )
    here = jnp.expand_dims(found, inside) == own
    whole = jnp.where(here, jnp.expand_dims(slope, inside), 0).reshape(cut.shape)
    rest = [(0, size - part) for size, part in zip(x.shape, cut.shape, strict=True)]
    return jnp.pad(whole, rest) if cut.shape != x.shape else whole


max_pool_tiles.defvjp(tiles_forward, tiles_backward)


def reference(x, window, strides, padding):
    """The same with XLA's derivative."""
    return max_pool(x, window, strides, padding)
