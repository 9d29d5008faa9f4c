"""Maximum over windows that stand side by side, with a derivative of its own.

XLA finds the largest element of each window again in the backward pass, one by one
(`select-and-scatter`, which on a CPU runs on one thread). Where windows do not overlap
each element is in one of them, so that its slope is that of the window where it is the
first that equals the maximum: a comparison by element.
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
    largest = max_pool(x, window, strides, padding)
    return largest, (x, largest)


def tiles_backward(window, strides, padding, kept, slope):
    """The slope of x; on a device that is no CPU by XLA."""
    x, largest = kept

    def by_xla(x, largest, slope):
        del largest
        _, pull = jax.vjp(lambda x: max_pool(x, window, strides, padding), x)
        return pull(slope)[0]

    by_tiles = partial(slope_by_tiles, window)
    slope_of = jax.lax.platform_dependent
    return (slope_of(x, largest, slope, cpu=by_tiles, default=by_xla),)


def slope_by_tiles(window, x, largest, slope):
    """The slope of each maximum where it is found first, and zero elsewhere."""
    batch, *places, channels = largest.shape
    covered = [size * width for size, width in zip(places, window, strict=True)]
    cut = x[(slice(None), *map(slice, covered))]
    pairs = [axis for pair in zip(places, window, strict=True) for axis in pair]
    tiles = cut.reshape(batch, *pairs, channels)
    found, slopes = jnp.zeros(largest.shape, bool), []
    for place in np.ndindex(*window):
        at = [index for step in place for index in (slice(None), step)]
        equal = tiles[(slice(None), *at)] == largest
        slopes.append(jnp.where(equal & ~found, slope, 0))
        found = found | equal
    axes = len(window)
    stacked = jnp.stack(slopes).reshape(*window, *largest.shape)
    order = [axis for place in range(axes) for axis in (axes + 1 + place, place)]
    whole = stacked.transpose(axes, *order, 2 * axes + 1).reshape(cut.shape)
    rest = [(0, size - part) for size, part in zip(x.shape, cut.shape, strict=True)]
    return jnp.pad(whole, rest) if cut.shape != x.shape else whole


max_pool_tiles.defvjp(tiles_forward, tiles_backward)


def reference(x, window, strides, padding):
    """The same with XLA's derivative."""
    return max_pool(x, window, strides, padding)
