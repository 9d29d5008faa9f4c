"""The hinge loss of classes."""

import jax.numpy as jnp


def categorical_hinge(truth, scores):
    """`max(0, 1 + wrong - right)`: the best wrong score, and that of the true class.

    truth: one-hot [B, ..., classes], scores: the same, result: [B, ...].
    """
    right = jnp.sum(truth * scores, axis=-1)
    wrong = jnp.max((1 - truth) * scores, axis=-1)
    return jnp.maximum(1 + wrong - right, 0)
