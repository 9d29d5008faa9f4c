"""A long short-term memory over all steps, with a derivative of its own.

JAX's derivative of such a loop keeps every intermediate of every step, and adds to the
gradient of the recurrent kernel at each. This one keeps the slopes of a step, which are
known when it is computed, so that a step backwards is a sum, two products by element,
and one matrix product; the gradient of the recurrent kernel is a single product for all
steps, behind the loop, as is that of the inputs' kernel.

Source: Hochreiter and Schmidhuber, Long Short-Term Memory, 1997; the forget gate: Gers
et al., Learning to Forget, 2000; one product for the weights: Appleyard et al.,
Optimizing Performance of Recurrent Neural Networks on GPUs, 2016.
"""

from functools import partial

import jax
import jax.numpy as jnp

from kspec.helpers.rows_of import rows_of
from kspec.helpers.states_before import states_before


def lstm(
    x,
    kernel,
    recurrent_kernel,
    bias=None,
    initial_state=None,
    mask=None,
    reverse=False,
):
    """The outputs of all steps, and the last states h and c.

    i, f, g, o = parts of x @ kernel + h @ recurrent_kernel + bias
    c = sigmoid(f) * c + sigmoid(i) * tanh(g);  h = sigmoid(o) * tanh(c)

    Where `mask` is false the states stay as they are. With `reverse` the last step
    comes first; outputs stand where their steps do.
    """
    rows, steps, _ = x.shape
    z = rows_of(jnp.swapaxes(x, 0, 1)) @ kernel
    z = z.reshape(steps, rows, -1)
    if bias is not None:
        z = z + bias
    if initial_state is None:
        start = jnp.zeros_like(z[0, :, : recurrent_kernel.shape[0]])
        initial_state = (start, start)
    if mask is not None:
        mask = jnp.swapaxes(mask, 0, 1)[:, :, None]
    outputs, states = lstm_steps(reverse, z, recurrent_kernel, initial_state, mask)
    return jnp.swapaxes(outputs, 0, 1), *states


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def lstm_steps(reverse, z, recurrent_kernel, states, mask):
    """The outputs and the last states, from `z = x @ kernel + bias`; steps go first."""
    return lstm_forward(reverse, z, recurrent_kernel, states, mask)[0]


def lstm_forward(reverse, z, recurrent_kernel, states, mask):
    """The same, and what the way back needs: the slopes of each step."""

    def step(states, slices):
        h, c = states
        z, counts = slices
        i, f, g, o = jnp.split(z + h @ recurrent_kernel, 4, axis=-1)
        i, f = jax.nn.sigmoid(i), jax.nn.sigmoid(f)
        g, o = jnp.tanh(g), jax.nn.sigmoid(o)
        new_c = f * c + i * g
        t = jnp.tanh(new_c)
        new_h = o * t
        # c by i, f and g before their activations, h by o, h by c, and c by c before.
        slopes = (g * i * (1 - i), c * f * (1 - f), i * (1 - g * g), t * o * (1 - o))
        h_by_c, c_by_c = o * (1 - t * t), f
        if counts is not None:
            new_h, new_c = jnp.where(counts, new_h, h), jnp.where(counts, new_c, c)
            slopes = tuple(jnp.where(counts, slope, 0) for slope in slopes)
            h_by_c, c_by_c = jnp.where(counts, h_by_c, 0), jnp.where(counts, c_by_c, 1)
        return (new_h, new_c), (new_h, (slopes, h_by_c, c_by_c))

    last, (outputs, kept) = jax.lax.scan(step, states, (z, mask), reverse=reverse)
    return (outputs, last), (recurrent_kernel, states[0], outputs, mask, kept)


def lstm_backward(reverse, kept, gradients):
    """The gradients of z, the recurrent kernel, and the first states."""
    recurrent_kernel, start, outputs, mask, slopes = kept
    of_outputs, of_last = gradients

    def step(of_states, slices):
        of_h, of_c = of_states
        of_output, counts, ((by_i, by_f, by_g, by_o), h_by_c, c_by_c) = slices
        of_h = of_h + of_output
        of_c = of_c + of_h * h_by_c
        of_z = (of_c * by_i, of_c * by_f, of_c * by_g, of_h * by_o)
        before = jnp.concatenate(of_z, axis=-1) @ recurrent_kernel.T
        if counts is not None:
            before = jnp.where(counts, before, of_h)
        return (before, of_c * c_by_c), (of_h, of_c)

    # What a step makes of these two is cheaper to compute again for all than to keep.
    slices = (of_outputs, mask, slopes)
    of_start, (of_h, of_c) = jax.lax.scan(step, of_last, slices, reverse=not reverse)
    by_i, by_f, by_g, by_o = slopes[0]
    of_z = (of_c * by_i, of_c * by_f, of_c * by_g, of_h * by_o)
    of_z = jnp.concatenate(of_z, axis=-1)
    before = states_before(start, outputs, reverse)
    return of_z, rows_of(before).T @ rows_of(of_z), of_start, None


lstm_steps.defvjp(lstm_forward, lstm_backward)


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
        initial_state = (jnp.zeros((len(x), units), x.dtype),) * 2
    if mask is None:
        mask = jnp.ones(x.shape[:2], bool)

    def step(states, slices):
        x, counts = slices
        h, c = states
        z = x @ kernel + h @ recurrent_kernel
        if bias is not None:
            z = z + bias
        i, f, g, o = (z[:, k * units : (k + 1) * units] for k in range(4))
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        counts = counts[:, None]
        new = (jnp.where(counts, h, states[0]), jnp.where(counts, c, states[1]))
        return new, new[0]

    slices = (x.swapaxes(0, 1), mask.T)
    states, outputs = jax.lax.scan(step, initial_state, slices, reverse=reverse)
    return outputs.swapaxes(0, 1), *states
