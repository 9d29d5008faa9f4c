"""The area under a curve of precision over recall."""

import jax.numpy as jnp


def interpolated_precision_area(true_positives, false_positives, false_negatives):
    """The area; true positives grow evenly with all positives between two thresholds.

    Source: Davis and Goadrich, The Relationship between Precision-Recall and ROC
    Curves, 2006.
    """

    def quotient(x, y):
        return jnp.where(y == 0, 0, x / jnp.where(y == 0, 1, y))

    positives = true_positives + false_positives
    before, after = positives[:-1], positives[1:]
    gained = true_positives[:-1] - true_positives[1:]
    slope = quotient(gained, jnp.maximum(before - after, 0))
    intercept = true_positives[1:] - slope * after
    ratio = jnp.where((before > 0) & (after > 0), quotient(before, after), 1)
    area = slope * (gained + intercept * jnp.log(ratio))
    truths = jnp.maximum(true_positives[1:] + false_negatives[1:], 0)
    return jnp.sum(quotient(area, truths), axis=0)
