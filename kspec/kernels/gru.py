"""Gated recurrent units over all steps, with a derivative of their own.

As in `lstm`, a step keeps its slopes, so that a step backwards is products by element
and one matrix product; the gradients of kernels are single products for all steps,
behind the loop. The reset gate comes behind the product with the recurrent kernel, as
in cuDNN.

Source: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014; one
product for the weights: Appleyard et al., Optimizing Performance of Recurrent Neural
Networks on GPUs, 2016.
"""

from functools import partial

import jax
import jax.numpy as jnp

from kspec.helpers.rows_of import rows_of
from kspec.helpers.states_before import states_before


def gru(
    x,
    kernel,
    recurrent_kernel,
    bias=None,
    initial_state=None,
    mask=None,
    reverse=False,
):
    """The outputs of all steps, and the last state.

    xz, xr, xn = parts of x @ kernel + bias[0]
    hz, hr, hn = parts of h @ recurrent_kernel + bias[1]
    z, r = sigmoid(xz + hz), sigmoid(xr + hr)
    h = z * h + (1 - z) * tanh(xn + r * hn)

    Where `mask` is false the state stays as it is. With `reverse` the last step comes
    first; outputs stand where their steps do.
    """
    rows, steps, _ = x.shape
    x = rows_of(jnp.swapaxes(x, 0, 1)) @ kernel
    x = x.reshape(steps, rows, -1)
    if bias is None:
        offset = jnp.zeros_like(x[0, 0])
    else:
        x, offset = x + bias[0], bias[1]
    if initial_state is None:
        initial_state = jnp.zeros_like(x[0, :, : recurrent_kernel.shape[0]])
    if mask is not None:
        mask = jnp.swapaxes(mask, 0, 1)[:, :, None]
    outputs, last = gru_steps(reverse, x, recurrent_kernel, offset, initial_state, mask)
    return jnp.swapaxes(outputs, 0, 1), last


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def gru_steps(reverse, x, recurrent_kernel, offset, state, mask):
    """The outputs and the last state, from `x @ kernel + bias`; steps go first."""
    return gru_forward(reverse, x, recurrent_kernel, offset, state, mask)[0]


def gru_forward(reverse, x, recurrent_kernel, offset, state, mask):
    """The same, and what the way back needs: the slopes of each step."""

    def step(h, slices):
        x, counts = slices
        xz, xr, xn = jnp.split(x, 3, axis=-1)
        hz, hr, hn = jnp.split(h @ recurrent_kernel + offset, 3, axis=-1)
        z, r = jax.nn.sigmoid(xz + hz), jax.nn.sigmoid(xr + hr)
        n = jnp.tanh(xn + r * hn)
        new = z * h + (1 - z) * n
        # The new state by xz, xr, xn, hn, and by the state before.
        by_n = (1 - z) * (1 - n * n)
        slopes = ((h - n) * z * (1 - z), by_n * hn * r * (1 - r), by_n, by_n * r)
        by_h = z
        if counts is not None:
            new = jnp.where(counts, new, h)
            slopes = tuple(jnp.where(counts, slope, 0) for slope in slopes)
            by_h = jnp.where(counts, by_h, 1)
        return new, (new, (slopes, by_h))

    last, (outputs, kept) = jax.lax.scan(step, state, (x, mask), reverse=reverse)
    return (outputs, last), (recurrent_kernel, state, outputs, kept)


def gru_backward(reverse, kept, gradients):
    """The gradients of x, the recurrent kernel, its offset, and the first state."""
    recurrent_kernel, start, outputs, slopes = kept
    of_outputs, of_last = gradients
    (by_z, by_r, by_xn, by_hn), by_h = slopes

    def step(of_h, slices):
        of_output, by_z, by_r, by_hn, by_h = slices
        of_h = of_h + of_output
        of_product = jnp.concatenate([of_h * by_z, of_h * by_r, of_h * by_hn], axis=-1)
        return of_product @ recurrent_kernel.T + of_h * by_h, of_h

    # What a step makes of `of_h` is cheaper to compute again for all than to keep.
    slices = (of_outputs, by_z, by_r, by_hn, by_h)
    of_start, of_h = jax.lax.scan(step, of_last, slices, reverse=not reverse)
    of_z, of_r, of_xn, of_hn = of_h * by_z, of_h * by_r, of_h * by_xn, of_h * by_hn
    of_x = jnp.concatenate([of_z, of_r, of_xn], axis=-1)
    of_product = rows_of(jnp.concatenate([of_z, of_r, of_hn], axis=-1))
    of_kernel = rows_of(states_before(start, outputs, reverse)).T @ of_product
    return of_x, of_kernel, jnp.sum(of_product, axis=0), of_start, None


gru_steps.defvjp(gru_forward, gru_backward)


def reference(
    x,
    kernel,
    recurrent_kernel,
    bias=None,
    initial_state=None,
    mask=None,
    reverse=False,
):
    """The same, step by step, with JAX's own derivative."""
    units = recurrent_kernel.shape[0]
    if initial_state is None:
        initial_state = jnp.zeros((len(x), units), x.dtype)
    if mask is None:
        mask = jnp.ones(x.shape[:2], bool)

    def step(h, slices):
        x, counts = slices
        ours, theirs = x @ kernel, h @ recurrent_kernel
        if bias is not None:
            ours, theirs = ours + bias[0], theirs + bias[1]
        xz, xr, xn = (ours[:, k * units : (k + 1) * units] for k in range(3))
        hz, hr, hn = (theirs[:, k * units : (k + 1) * units] for k in range(3))
        z, r = jax.nn.sigmoid(xz + hz), jax.nn.sigmoid(xr + hr)
        new = z * h + (1 - z) * jnp.tanh(xn + r * hn)
        new = jnp.where(counts[:, None], new, h)
        return new, new

    slices = (x.swapaxes(0, 1), mask.T)
    last, outputs = jax.lax.scan(step, initial_state, slices, reverse=reverse)
    return outputs.swapaxes(0, 1), last
