"""A linear layer and the crossentropy of its outputs, a part of the rows at a time.

With a large vocabulary the logits are the largest array of a step, and the backward
pass needs them twice. Here they are never whole: each part is computed forward, and
once more backward, where its gradient is made and used up. Kept for the backward pass
is a number a row, the logarithm of its sum of exponentials.

Source: the identity d(crossentropy)/d(logits) = softmax(logits) - one_hot(label);
Wijmans et al., Cut Your Losses in Large-Vocabulary Language Models, 2024, take it
block by block in a kernel for GPUs.
"""

import jax
import jax.numpy as jnp


def linear_crossentropy(label, x, kernel, bias=None, rows=256):
    """`-log_softmax(x @ kernel + bias)[label]`, `rows` rows at a time.

    label: int[B, ...], x: [B, ..., D], kernel: [D, classes], bias: [classes],
    result: f32[B, ...]. What x is computed in, logits are; their softmax is in float32.
    """
    count = max(1, label.size)
    rows = min(rows, count)
    parts = -(-count // rows)
    fill = parts * rows - count
    flat = jnp.pad(x.reshape(count, -1), ((0, fill), (0, 0)))
    labels = jnp.pad(label.reshape(count), (0, fill))
    flat, labels = flat.reshape(parts, rows, -1), labels.reshape(parts, rows)
    losses = crossentropy_of_parts(labels, flat, kernel, bias)
    return losses.reshape(-1)[:count].reshape(label.shape)


@jax.custom_vjp
def crossentropy_of_parts(label, x, kernel, bias):
    """The losses of all parts: label: int[N, rows], x: [N, rows, D]."""
    return crossentropy_forward(label, x, kernel, bias)[0]


def logits_of_part(x, kernel, bias):
    """The logits of a part, in float32 or wider."""
    logits = x @ kernel if bias is None else x @ kernel + bias
    return logits.astype(jnp.promote_types(logits.dtype, jnp.float32))


def crossentropy_forward(label, x, kernel, bias):
    """The losses, and what the backward pass reads."""

    def part(given):
        label, x = given
        logits = logits_of_part(x, kernel, bias)
        total = jax.nn.logsumexp(logits, axis=-1)
        chosen = jnp.take_along_axis(logits, label[:, None], axis=-1)
        return total - chosen[:, 0], total

    losses, totals = jax.lax.map(part, (label, x))
    return losses, (label, x, kernel, bias, totals)


def crossentropy_backward(kept, slopes):
    """The gradients of x, kernel and bias from that of each loss."""
    label, x, kernel, bias, totals = kept
    wide = totals.dtype

    def part(sums, given):
        label, x, total, slope = given
        shares = jnp.exp(logits_of_part(x, kernel, bias) - total[:, None])
        shares = shares * slope[:, None]
        shares = shares.at[jnp.arange(label.size), label].add(-slope)
        of_logits = shares.astype(x.dtype)
        of_kernel, of_bias = sums
        of_kernel = of_kernel + (x.T @ of_logits).astype(wide)
        if bias is not None:
            of_bias = of_bias + shares.sum(axis=0)
        return (of_kernel, of_bias), of_logits @ kernel.T

    start = (jnp.zeros(kernel.shape, wide), jnp.zeros(kernel.shape[1:], wide))
    (of_kernel, of_bias), of_x = jax.lax.scan(part, start, (label, x, totals, slopes))
    of_bias = None if bias is None else of_bias.astype(bias.dtype)
    return None, of_x, of_kernel.astype(kernel.dtype), of_bias


crossentropy_of_parts.defvjp(crossentropy_forward, crossentropy_backward)


def reference(label, x, kernel, bias=None, rows=256):
    """The same with whole logits."""
    del rows
    logits = logits_of_part(x, kernel, bias)
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), label[..., None], axis=-1)
    return -chosen[..., 0]
