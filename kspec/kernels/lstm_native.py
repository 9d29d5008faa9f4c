"""A long short-term memory over all steps, by kspec's own functions on CPUs.

XLA computes a step after the other in several calls, and what the backward pass needs
goes through memory. `lstm_native.cc` has the loop of float32 in one function, and the
way back with the gradients of the kernels in another, which kspec's runtime compiles
for the machine; then it sets `LSTM_NATIVE`. Elsewhere, as in a file that runs by
itself, this is `lstm`.
"""

from functools import partial

import jax
import jax.numpy as jnp

from kspec.helpers.step_flags import step_flags
from kspec.kernels.lstm import lstm

LSTM_NATIVE = False  # whether this process computes on a CPU, and has the functions


def lstm_native(
    x,
    kernel,
    recurrent_kernel,
    bias=None,
    initial_state=None,
    mask=None,
    reverse=False,
):
    """The outputs of all steps, and the last states h and c, as `lstm` has them."""
    units, wide = recurrent_kernel.shape
    given = (x, kernel, recurrent_kernel, bias, *(initial_state or ()))
    dtypes = [each.dtype for each in given if each is not None]
    float32 = dtypes == [jnp.float32] * len(dtypes)
    if not (LSTM_NATIVE and float32 and x.size and units):
        return lstm(x, kernel, recurrent_kernel, bias, initial_state, mask, reverse)
    if bias is None:
        bias = jnp.zeros(wide, x.dtype)
    if initial_state is None:
        initial_state = (jnp.zeros((len(x), units), x.dtype),) * 2
    h, c = initial_state
    return lstm_loop(reverse, x, kernel, recurrent_kernel, bias, h, c, mask)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def lstm_loop(reverse, x, kernel, recurrent_kernel, bias, h, c, mask):
    """The outputs and the last states."""
    return call_lstm(reverse, 0, x, kernel, recurrent_kernel, bias, h, c, mask)[:3]


def lstm_loop_forward(reverse, *operands):
    """The same, and what the way back needs."""
    *results, kept = lstm_kept(reverse, *operands)
    return tuple(results), (*operands, results[0], kept)


def lstm_loop_backward(reverse, kept, gradients):
    """The gradients of all operands but the mask."""
    return *lstm_gradient(reverse, *kept, *gradients[:3]), None


lstm_loop.defvjp(lstm_loop_forward, lstm_loop_backward)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def lstm_kept(reverse, x, kernel, recurrent_kernel, bias, h, c, mask):
    """The results of the loop, and the gates and c of each step."""
    padded = -(-len(recurrent_kernel) // 16) * 16  # to whole vectors
    operands = (x, kernel, recurrent_kernel, bias, h, c, mask)
    return call_lstm(reverse, 5 * padded, *operands)


def lstm_kept_forward(reverse, *operands):
    """The same, and what the way back needs: nothing goes through what is kept."""
    results = lstm_kept(reverse, *operands)
    return results, (*operands, results[0], results[3])


lstm_kept.defvjp(lstm_kept_forward, lstm_loop_backward)


def call_lstm(reverse, kept, x, kernel, recurrent_kernel, bias, h, c, mask):
    """The outputs, the last states, and so many numbers that are kept of each step."""
    rows, steps, _ = x.shape
    outputs = jax.ShapeDtypeStruct((rows, steps, len(recurrent_kernel)), x.dtype)
    state = jax.ShapeDtypeStruct(h.shape, x.dtype)
    kept = jax.ShapeDtypeStruct((rows, steps, kept), x.dtype)
    shapes = (outputs, state, state, kept)
    call = jax.ffi.ffi_call("kspec_lstm", shapes, vmap_method="sequential")
    given = (x, kernel, recurrent_kernel, bias, h, c, step_flags(mask))
    return tuple(call(*given, reverse=bool(reverse)))


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def lstm_gradient(
    reverse,
    x,
    kernel,
    recurrent_kernel,
    bias,
    h,
    c,
    mask,
    outputs,
    kept,
    of_outputs,
    of_h,
    of_c,
):
    """The gradients of x, the kernels, the bias, and the first states."""
    operands = (x, kernel, recurrent_kernel, bias, h, c)
    shapes = tuple(jax.ShapeDtypeStruct(each.shape, x.dtype) for each in operands)
    call = jax.ffi.ffi_call("kspec_lstm_gradient", shapes, vmap_method="sequential")
    given = (x, kernel, recurrent_kernel, h, c, step_flags(mask), outputs, kept)
    found = call(*given, of_outputs, of_h, of_c, reverse=bool(reverse))
    return tuple(found)


def lstm_gradient_forward(reverse, *given):
    """The same, and what the gradients of gradients need."""
    return lstm_gradient(reverse, *given), (*given[:7], *given[9:])


def lstm_gradient_backward(reverse, kept, slopes):
    """The gradients of gradients are those of `lstm`, of what goes into the loop."""
    *operands, mask = kept[:7]

    def gradients(operands, slopes):
        def loop(x, kernel, recurrent_kernel, bias, h, c):
            kernels = (kernel, recurrent_kernel, bias)
            return lstm(x, *kernels, (h, c), mask, reverse)

        return jax.vjp(loop, *operands)[1](slopes)

    _, back = jax.vjp(gradients, tuple(operands), tuple(kept[7:]))
    of_operands, of_slopes = back(tuple(slopes))
    return *of_operands, None, None, None, *of_slopes


lstm_gradient.defvjp(lstm_gradient_forward, lstm_gradient_backward)


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
    return lstm(x, kernel, recurrent_kernel, bias, initial_state, mask, reverse)
