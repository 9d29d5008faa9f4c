"""The gains of precision and recall over always saying yes."""

import jax.numpy as jnp


def precision_recall_gain(
    true_positives, false_positives, true_negatives, false_negatives
):
    """Recall's gain and precision's gain at each threshold.

    1 - odds * wrong / right, with the odds of a yes in the truth.
    Source: Flach and Kull, Precision-Recall-Gain Curves, 2015.
    """

    def quotient(x, y):
        return jnp.where(y == 0, 0, x / jnp.where(y == 0, 1, y))

    nothing = true_positives == 0
    odds = quotient(true_positives + false_negatives, true_negatives + false_positives)
    recall = 1 - odds * quotient(false_negatives, true_positives)
    precision = 1 - odds * quotient(false_positives, true_positives)
    recall = jnp.maximum(jnp.where(nothing, 0, recall), 0)
    return recall, jnp.where(nothing, 1, precision)
