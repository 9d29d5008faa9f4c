"""Right and wrong answers from histograms."""

import jax.numpy as jnp


def confusion_counts(positives, negatives):
    """True and false positives, true and false negatives at each threshold.

    positives, negatives: [thresholds + 1, ...], the weights of what exceeds 0, 1, ...
    thresholds, so that a yes at threshold i is all that exceeds more than i of them;
    results: [thresholds, ...].
    """
    true_positives = jnp.cumsum(positives[::-1], axis=0)[::-1][1:]
    false_positives = jnp.cumsum(negatives[::-1], axis=0)[::-1][1:]
    true_negatives = jnp.cumsum(negatives, axis=0)[:-1]
    false_negatives = jnp.cumsum(positives, axis=0)[:-1]
    return true_positives, false_positives, true_negatives, false_negatives
