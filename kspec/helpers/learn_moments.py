"""The moments of a split."""

from __future__ import annotations

import numpy as np


def learn_moments(batches, axis):
    """The mean and the variance over `axis`, the first among them, of all batches."""
    count, mean, squares = 0, 0.0, 0.0
    for batch in batches:
        x = np.asarray(batch, np.float64)
        more = x.size // max(1, x.mean(axis).size)
        between = x.mean(axis) - mean
        squares = (
            squares + x.var(axis) * more + between**2 * (count * more / (count + more))
        )
        mean = mean + between * (more / (count + more))
        count += more
    return np.float32(mean), np.float32(squares / max(1, count))
