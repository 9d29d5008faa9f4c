"""The quantiles of a split."""

from __future__ import annotations

import numpy as np


def learn_quantiles(batches, bins, epsilon):
    """The `bins` - 1 numbers between which about an equal part of all lies: f32.

    About 1 / `epsilon` of all numbers, at equal distances, stand for them, as in Keras.
    """
    values = np.sort(
        np.concatenate([np.ravel(batch) for batch in batches]).astype(np.float32)
    )
    step = max(values.size * epsilon, 1)
    chosen = values[int(step - 1) :: int(step)]
    chosen, weights = summarize(chosen, np.full(chosen.size, step, np.float32), epsilon)
    return summarize(chosen, weights, 1 / bins)[0][:-1]


def summarize(values, weights, epsilon):
    """Fewer numbers, each with a weight, that stand for more."""
    if values.size * epsilon < 1:
        return values, weights
    at = epsilon + np.arange(0.0, 1.0, epsilon)
    total = np.cumsum(weights)
    share = total / total[-1]
    heaps = np.interp(at, share, total)
    chosen = np.interp(at, share, values)
    return np.float32(chosen), np.float32(np.diff(heaps, prepend=0.0))
