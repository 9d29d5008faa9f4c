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
    float32 = all(each is None or each.dtype == jnp.float32 for each in given)
    if not (GRU_NATIVE and float32 and x.size and units):
        return gru(x, kernel, recurrent_kernel, bias, initial_state, mask, reverse)
    if bias is None:
        bias = jnp.zeros((2, wide), x.dtype)
    if initial_state is None:
        initial_state = jnp.zeros((len(x), units), x.dtype)
    return all_units(reverse, x, kernel, recurrent_kernel, bias, initial_state, mask)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def all_units(reverse, x, kernel, recurrent_kernel, bias, h, mask):
    """The outputs and the last state."""
    return call_gru(reverse, 0, x, kernel, recurrent_kernel, bias, h, mask)[:2]


def units_forward(reverse, *operands):
    """The same, and what the way back needs: the gates of each step."""
    padded = -(-len(operands[2]) // 16) * 16  # to whole vectors
    *results, kept = call_gru(reverse, 4 * padded, *operands)
    return tuple(results), (*operands, results[0], kept)


def units_backward(reverse, kept, gradients):
    """The gradients of all operands but the mask."""
    return *gru_gradient(reverse, *kept, *gradients), None


all_units.defvjp(units_forward, units_backward)


def call_gru(reverse, kept, x, kernel, recurrent_kernel, bias, h, mask):
    """The outputs, the last state, and so many numbers that are kept of each step."""
    rows, steps, _ = x.shape
    outputs = jax.ShapeDtypeStruct((rows, steps, len(recurrent_kernel)), x.dtype)
    state = jax.ShapeDtypeStruct(h.shape, x.dtype)
    shapes = (outputs, state, jax.ShapeDtypeStruct((rows, steps, kept), x.dtype))
    call = jax.ffi.ffi_call("kspec_gru", shapes, vmap_method="sequential")
    given = (x, kernel, recurrent_kernel, bias, h, step_flags(mask))
    return call(*given, reverse=bool(reverse))


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
    return call(*given, of_outputs, of_h, reverse=bool(reverse))


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
