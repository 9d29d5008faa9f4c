"""Layer normalization over the last axes, by kspec's own functions on CPUs.

XLA reads the rows of x several times, forward and backward. `layer_norm_native.cc` does
all of a row of float32 while it is in the cache, and kspec's runtime compiles it for
the machine; then it sets `LAYER_NORM_NATIVE`. Elsewhere, as in a file that runs by
itself, this is XLA's way.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from kspec.helpers.layer_normalize import layer_normalize

LAYER_NORM_NATIVE = False  # whether this process is on a CPU, and has the functions


def layer_norm_native(x, gamma=None, beta=None, axis=-1, epsilon=1e-3):
    """`(x - mean) / sqrt(variance + epsilon) * gamma + beta`, moments along `axis`.

    gamma, beta: as the axes of `axis`, an int or ascending ints.
    """
    axes = [i % x.ndim for i in (axis if isinstance(axis, tuple) else (axis,))]
    last = axes == list(range(x.ndim - len(axes), x.ndim))
    given = [each for each in (x, gamma, beta) if each is not None]
    others = [each for each in given if each.dtype != jnp.float32]
    if not (LAYER_NORM_NATIVE and last and x.size) or others:
        return layer_normalize(x, gamma, beta, axis, epsilon)
    shape = x.shape[axes[0] :]
    gamma = jnp.ones(shape, x.dtype) if gamma is None else gamma
    beta = jnp.zeros(shape, x.dtype) if beta is None else beta
    rows = x.reshape(-1, gamma.size)
    y, _, _ = normalize_rows(rows, gamma.ravel(), beta.ravel(), epsilon)
    return y.reshape(x.shape)


@partial(jax.custom_vjp, nondiff_argnums=(3,))
def normalize_rows(x, gamma, beta, epsilon):
    """The normalized rows, and what the backward pass reads: their means and scales.

    x: [rows, width], gamma, beta: [width]. A scale is `1 / sqrt(variance + epsilon)`.
    """
    row = jax.ShapeDtypeStruct(x.shape[:1], x.dtype)
    shapes = (jax.ShapeDtypeStruct(x.shape, x.dtype), row, row)
    call = jax.ffi.ffi_call("kspec_layer_norm", shapes, vmap_method="sequential")
    return call(x, gamma, beta, epsilon=np.float32(epsilon))


def normalize_forward(x, gamma, beta, epsilon):
    """The results, and what the backward pass reads."""
    y, means, scales = normalize_rows(x, gamma, beta, epsilon)
    return (y, means, scales), (x, gamma, means, scales)


def normalize_backward(epsilon, kept, slopes):
    """The gradients of x, gamma and beta; nothing but y is made use of."""
    return gradients_of_rows(*kept, slopes[0], epsilon)


normalize_rows.defvjp(normalize_forward, normalize_backward)


@partial(jax.custom_vjp, nondiff_argnums=(5,))
def gradients_of_rows(x, gamma, means, scales, slope, epsilon):
    """The gradients of x, gamma and beta, for the slopes of the normalized rows."""
    del epsilon  # it is in the scales
    column = jax.ShapeDtypeStruct(gamma.shape, x.dtype)
    shapes = (jax.ShapeDtypeStruct(x.shape, x.dtype), column, column)
    call = jax.ffi.ffi_call(
        "kspec_layer_norm_gradient", shapes, vmap_method="sequential"
    )
    return call(x, gamma, means, scales, slope)


def gradients_of_rows_forward(x, gamma, means, scales, slope, epsilon):
    """The gradients, and what their own are computed of."""
    found = gradients_of_rows(x, gamma, means, scales, slope, epsilon)
    return found, (x, gamma, slope)


def gradients_of_rows_backward(epsilon, kept, slopes):
    """By XLA: all that x does by way of the means and scales counts as done by x."""

    def gradients(x, gamma, slope):
        way = partial(layer_normalize, epsilon=epsilon)
        return jax.vjp(way, x, gamma, jnp.zeros_like(gamma))[1](slope)

    of_x, of_gamma, of_slope = jax.vjp(gradients, *kept)[1](slopes)
    return of_x, of_gamma, None, None, of_slope


gradients_of_rows.defvjp(gradients_of_rows_forward, gradients_of_rows_backward)


def reference(x, gamma=None, beta=None, axis=-1, epsilon=1e-3):
    """The same by XLA."""
    return layer_normalize(x, gamma, beta, axis, epsilon)
