"""The words of a split."""

from __future__ import annotations

import numpy as np


def learn_vocabulary(batches, most=None, without=()):
    """The words in all batches: frequent ones first, then the last of the alphabet.

    There are at most `most`, and none of those in `without`.
    """
    counts = {}
    for words in batches:
        for word in np.ravel(words).tolist():
            counts[word] = counts.get(word, 0) + 1
    for word in without:
        counts.pop(word, None)
    ordered = sorted(counts, key=lambda word: (counts[word], word), reverse=True)
    return tuple(ordered[:most])
