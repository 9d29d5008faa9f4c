"""Convolution with the channels last, whose kernel has a gradient of its own.

XLA takes the gradient of the kernel as a convolution over the batch, with images as big
as they are for kernels. On a CPU it is faster as the product that it is: the windows of
an example, a row each, against the slopes of its places, added up example by example.

Source: Chellapilla et al., High Performance Convolutional Neural Networks for Document
Processing, 2006, who unroll the windows of the forward pass so.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from kspec.helpers.conv import conv


@partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def conv_by_examples(x, kernel, strides, padding):
    """Slide a kernel over the axes between batch and channels, by 1.

    x: [B, *spatial, C], kernel: [*window, C, F], result: [B, *places, F].
    """
    return conv(x, kernel, strides, padding)


def examples_forward(x, kernel, strides, padding):
    """The result, and what the backward pass reads."""
    return conv(x, kernel, strides, padding), (x, kernel)


def examples_backward(strides, padding, kept, slope):
    """The gradients of x and of the kernel; on a device that is no CPU by XLA."""
    x, kernel = kept

    def by_xla(x, slope):
        _, pull = jax.vjp(lambda kernel: conv(x, kernel, strides, padding), kernel)
        return pull(slope)[0]

    def by_examples(x, slope):
        return gradient_by_examples(x, slope, kernel.shape, padding)

    _, pull = jax.vjp(lambda x: conv(x, kernel, strides, padding), x)
    gradient = jax.lax.platform_dependent
    of_kernel = gradient(x, slope, cpu=by_examples, default=by_xla)
    return pull(slope)[0], of_kernel


def gradient_by_examples(x, slope, shape, padding):
    """The gradient of the kernel: the windows of each example against its slopes."""
    window, places = shape[:-2], slope.shape[1:-1]
    around = [(0, 0)] * len(window)
    if padding == "same":
        around = [((width - 1) // 2, width // 2) for width in window]

    def add(total, example):
        x, slope = example
        x = jnp.pad(x, (*around, (0, 0)))
        cuts = []
        for at in np.ndindex(*window):
            spans = zip(at, places, strict=True)
            cuts.append(x[tuple(slice(start, start + size) for start, size in spans)])
        rows = jnp.concatenate(cuts, axis=-1).reshape(-1, total.shape[0])
        slopes = slope.reshape(-1, total.shape[1])
        more = jnp.matmul(rows.T, slopes, preferred_element_type=total.dtype)
        return total + more, None

    wide = jnp.promote_types(x.dtype, jnp.float32)
    start = jnp.zeros((int(np.prod(shape[:-1])), shape[-1]), wide)
    total, _ = jax.lax.scan(add, start, (x, slope))
    return total.reshape(shape).astype(x.dtype)


conv_by_examples.defvjp(examples_forward, examples_backward)


def reference(x, kernel, strides, padding):
    """The same with XLA's gradients."""
    return conv(x, kernel, strides, padding)
