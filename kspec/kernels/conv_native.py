"""Convolution with the channels last, by kspec's own functions on CPUs that have them.

XLA's convolutions on CPUs, and above all their derivatives, take several times as long
as the products in them. `conv_native.cc` has faster ones of float32, which kspec's
runtime compiles for the machine; then it sets `CONV_NATIVE`. Elsewhere, as in a file
that runs by itself, this is XLA's convolution, with the gradient of `conv_by_examples`
for images of some size.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from kspec.helpers.conv import conv
from kspec.kernels.conv_by_examples import conv_by_examples

CONV_NATIVE = False  # whether this process computes on a CPU, and has the functions


def conv_native(x, kernel, strides, padding):
    """Slide a kernel over the axes between batch and channels, by 1.

    x: [B, *spatial, C], kernel: [*window, C, F], result: [B, *places, F].
    """
    window = kernel.shape[:-2]
    float32 = x.dtype == kernel.dtype == jnp.float32
    if not (CONV_NATIVE and float32 and len(window) <= 2 and x.size and kernel.size):
        large = np.prod(x.shape[1:-1]) >= 196  # smaller ones are faster by XLA alone
        return (conv_by_examples if large else conv)(x, kernel, strides, padding)
    around = [(0, 0)] * len(window)
    if padding == "same":
        around = [((width - 1) // 2, width // 2) for width in window]
    if len(window) == 1:
        return slide(x[:, None], kernel[None], ((0, 0), *around))[:, 0]
    return slide(x, kernel, tuple(around))


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def slide(x, kernel, around):
    """The products of the windows of x, with zeros around it, and a kernel."""
    spans = zip(x.shape[1:-1], around, kernel.shape, strict=False)
    places = [size + sum(zeros) - width + 1 for size, zeros, width in spans]
    shape = jax.ShapeDtypeStruct((len(x), *places, kernel.shape[-1]), x.dtype)
    call = jax.ffi.ffi_call("kspec_conv", shape, vmap_method="sequential")
    (top, _), (left, _) = around
    return call(x, kernel, top=np.int64(top), left=np.int64(left))


def slide_forward(x, kernel, around):
    """The result, and what the backward pass reads."""
    return slide(x, kernel, around), (x, kernel)


def slide_backward(around, kept, slope):
    """The gradients of x and of the kernel."""
    x, kernel = kept
    return slide_back(slope, kernel, around), gradient_of_kernel(x, slope, around)


slide.defvjp(slide_forward, slide_backward)


def slide_back(slope, kernel, around):
    """The gradient of x: slopes under the kernel, which is turned around."""
    turned = jnp.flip(kernel, (0, 1)).swapaxes(2, 3)
    spans = zip(around, kernel.shape, strict=False)
    back = tuple(
        (width - 1 - before, width - 1 - after) for (before, after), width in spans
    )
    return slide(slope, turned, back)


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def gradient_of_kernel(x, slope, around):
    """The gradient of the kernel: the windows of x against the slopes of places."""
    spans = zip(x.shape[1:-1], around, slope.shape[1:-1], strict=True)
    window = [size + sum(zeros) - places + 1 for size, zeros, places in spans]
    shape = jax.ShapeDtypeStruct((*window, x.shape[-1], slope.shape[-1]), x.dtype)
    call = jax.ffi.ffi_call("kspec_conv_gradient", shape, vmap_method="sequential")
    (top, _), (left, _) = around
    return call(x, slope, top=np.int64(top), left=np.int64(left))


def kernel_forward(x, slope, around):
    """The result, and what the backward pass reads."""
    return gradient_of_kernel(x, slope, around), (x, slope)


def kernel_backward(around, kept, kernel):
    """The gradients of x and of the slopes; what comes is shaped as a kernel."""
    x, slope = kept
    return slide_back(slope, kernel, around), slide(x, kernel, around)


gradient_of_kernel.defvjp(kernel_forward, kernel_backward)


def reference(x, kernel, strides, padding):
    """The same with XLA's gradients."""
    return conv(x, kernel, strides, padding)
