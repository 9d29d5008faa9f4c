"""Gated recurrent units over all steps, by kspec's own functions on CPUs.

As `lstm_native`: `gru_native.cc` has the loop and the way back, which kspec's runtime
compiles for the machine; then it sets `GRU_NATIVE`. Elsewhere this is `gru`.
"""

from functools import partial

import jax
import jax.numpy as jnp

from kspec.helpers.step_flags import step_flags
from kspec.kernels.gru import gru

GRU_NATIVE = False  # whether this process computes on a CPU, and has the functions


def gru_native(
    x,
    kernel,
    recurrent_kernel,
    bias=None,
    initial_state=None,
    mask=None,
    reverse=False,
):
    """The outputs of all steps, and the last state, as `gru` has them."""
    units, wide = recurrent_kernel.shape
    given = (x, kernel, recurrent_kernel, bias, initial_state)
    dtypes = [each.dtype for each in given if each is not None]
    float32 = dtypes == [jnp.float32] * len(dtypes)
    if not (GRU_NATIVE and float32 and x.size and units):
        return gru(x, kernel, recurrent_kernel, bias, initial_state, mask, reverse)
    if bias is None:
        bias = jnp.zeros((2, wide), x.dtype)
    if initial_state is None:
        initial_state = jnp.zeros((len(x), units), x.dtype)
    return gru_loop(reverse, x, kernel, recurrent_kernel, bias, initial_state, mask)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def gru_loop(reverse, x, kernel, recurrent_kernel, bias, h, mask):
    """The outputs and the last state."""
    return call_gru(reverse, 0, x, kernel, recurrent_kernel, bias, h, mask)[:2]


def gru_loop_forward(reverse, *operands):
    """The same, and what the way back needs."""
    *results, kept = gru_kept(reverse, *operands)
    return tuple(results), (*operands, results[0], kept)


def gru_loop_backward(reverse, kept, gradients):
    """The gradients of all operands but the mask."""
    return *gru_gradient(reverse, *kept, *gradients[:2]), None


gru_loop.defvjp(gru_loop_forward, gru_loop_backward)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def gru_kept(reverse, x, kernel, recurrent_kernel, bias, h, mask):
    """The results of the loop, and the gates of each step."""
    padded = -(-len(recurrent_kernel) // 16) * 16  # to whole vectors
    operands = (x, kernel, recurrent_kernel, bias, h, mask)
    return call_gru(reverse, 4 * padded, *operands)


def gru_kept_forward(reverse, *operands):
    """The same, and what the way back needs: nothing goes through what is kept."""
    results = gru_kept(reverse, *operands)
    return results, (*operands, results[0], results[2])


gru_kept.defvjp(gru_kept_forward, gru_loop_backward)


def call_gru(reverse, kept, x, kernel, recurrent_kernel, bias, h, mask):
    """The outputs, the last state, and so many numbers that are kept of each step."""
    rows, steps, _ = x.shape
    outputs = jax.ShapeDtypeStruct((rows, steps, len(recurrent_kernel)), x.dtype)
    state = jax.ShapeDtypeStruct(h.shape, x.dtype)
    shapes = (outputs, state, jax.ShapeDtypeStruct((rows, steps, kept), x.dtype))
    call = jax.ffi.ffi_call("kspec_gru", shapes, vmap_method="sequential")
    given = (x, kernel, recurrent_kernel, bias, h, step_flags(mask))
    return tuple(call(*given, reverse=bool(reverse)))


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def gru_gradient(
    reverse,
    x,
    kernel,
    recurrent_kernel,
    bias,
    h,
    mask,
    outputs,
    kept,
    of_outputs,
    of_h,
):
    """The gradients of x, the kernels, the bias, and the first state."""
    operands = (x, kernel, recurrent_kernel, bias, h)
    shapes = tuple(jax.ShapeDtypeStruct(each.shape, x.dtype) for each in operands)
    call = jax.ffi.ffi_call("kspec_gru_gradient", shapes, vmap_method="sequential")
    given = (x, kernel, recurrent_kernel, h, step_flags(mask), outputs, kept)
    found = call(*given, of_outputs, of_h, reverse=bool(reverse))
    return tuple(found)


def gru_gradient_forward(reverse, *given):
    """The same, and what the gradients of gradients need."""
    return gru_gradient(reverse, *given), (*given[:6], *given[8:])


def gru_gradient_backward(reverse, kept, slopes):
    """The gradients of gradients are those of `gru`, of what goes into the loop."""
    *operands, mask = kept[:6]

    def gradients(operands, slopes):
        _, back = jax.vjp(lambda *given: gru(*given, mask, reverse), *operands)
        return back(slopes)

    _, back = jax.vjp(gradients, tuple(operands), tuple(kept[6:]))
    of_operands, of_slopes = back(tuple(slopes))
    return *of_operands, None, None, None, *of_slopes


gru_gradient.defvjp(gru_gradient_forward, gru_gradient_backward)


def reference(
    x,
    kernel,
    recurrent_kernel,
    bias=None,
    initial_state=None,
    mask=None,
    reverse=False,
):
    """The same by JAX alone."""
    return gru(x, kernel, recurrent_kernel, bias, initial_state, mask, reverse)
