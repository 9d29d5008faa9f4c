"""Intersection over union."""

import jax.numpy as jnp


def mean_iou(matrix, classes):
    """The mean over some classes of tp / (tp + fp + fn).

    matrix: [true class, predicted class]; classes that never occur are left out.
    """
    chosen = jnp.array(classes)
    common = jnp.diagonal(matrix)[chosen]
    union = (matrix.sum(axis=0) + matrix.sum(axis=1))[chosen] - common
    occurs = union > 1e-9
    shares = jnp.where(occurs, common / (union + 1e-7), 0)
    return shares.sum() / (occurs.sum() + 1e-7)
