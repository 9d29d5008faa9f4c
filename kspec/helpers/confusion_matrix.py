"""What was taken for what."""

import jax.numpy as jnp


def confusion_matrix(truth, predicted, weight, classes, ignore=None):
    """The weights of each true class (row) that was taken for each class (column).

    truth, predicted: int[B, ...], weight broadcasts to them; the result is square.
    Numbers that are no class, and a truth of `ignore`, do not count.
    """
    known = (truth >= 0) & (truth < classes) & (predicted >= 0) & (predicted < classes)
    if ignore is not None:
        known = known & (truth != ignore)
    place = jnp.where(known, truth * classes + predicted, 0)
    weights = jnp.where(known, weight, 0)
    counts = jnp.bincount(place.ravel(), weights=weights.ravel(), length=classes**2)
    return counts.reshape(classes, classes)
