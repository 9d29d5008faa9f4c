"""Connectionist temporal classification."""

import jax.numpy as jnp
import optax


def ctc(labels, logits):
    """Minus the log-probability of the labels, over all ways to lay them out in time.

    labels: int[B, L], filled up with 0, which is also the blank in time.
    logits: [B, T, classes]; result: [B].
    """
    count = jnp.sum(labels != 0, axis=-1, keepdims=True)
    filled = jnp.arange(labels.shape[-1]) >= count
    logits = logits.astype(jnp.float32)
    nothing = jnp.zeros(logits.shape[:2])
    return optax.ctc_loss(logits, nothing, labels, filled.astype(jnp.float32))
