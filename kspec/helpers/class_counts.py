"""Right and wrong answers of each class."""

import jax.numpy as jnp


def class_counts(truth, scores, weight, threshold=None):
    """The weights of true positives, false positives and false negatives.

    truth, scores: [B, classes], weight: [B], results: [classes]. A score above the
    threshold is a yes; without one, the highest score is, unless it is 0.
    """
    if threshold is None:
        yes = (scores >= scores.max(axis=1, keepdims=True)) & (jnp.abs(scores) > 1e-9)
    else:
        yes = scores > threshold
    answer = yes.astype(scores.dtype)
    weight = weight[:, None]
    true_positives = jnp.sum(answer * truth * weight, axis=0)
    false_positives = jnp.sum(answer * (1 - truth) * weight, axis=0)
    false_negatives = jnp.sum((1 - answer) * truth * weight, axis=0)
    return true_positives, false_positives, false_negatives
