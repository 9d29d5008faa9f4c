"""Crossentropy of logits against class numbers."""

import jax
import jax.numpy as jnp


def sparse_categorical_crossentropy_from_logits(label, logits):
    """`-log_softmax(logits)[label]`.

    label: int[B, ...], logits: [B, ..., classes], result: [B, ...].
    """
    log_probabilities = jax.nn.log_softmax(logits)
    chosen = jnp.take_along_axis(log_probabilities, label[..., None], axis=-1)
    return -chosen[..., 0]
