"""Combinations of words to bins."""

from __future__ import annotations

import numpy as np

from kspec.helpers.fingerprint import fingerprint

WORD = 2**64 - 1
CROSS = 0xC6A4A7935BD1E995


def hash_crossed(*features, bins):
    """A bin for each combination: i32, 0 to `bins` - 1; all features have one shape.

    As TensorFlow's `sparse.cross_hashed`: whole numbers stand for themselves.
    """
    shape = np.shape(features[0])
    rows = zip(*(np.ravel(feature).tolist() for feature in features), strict=True)
    known = {}
    numbers = []
    for row in rows:
        if row not in known:
            hashed = 0xDECAFCAFFE
            for word in row:
                own = fingerprint(word) if isinstance(word, str) else word & WORD
                hashed = join_fingerprints(hashed, own)
            known[row] = hashed % bins
        numbers.append(known[row])
    return np.array(numbers, np.int32).reshape(shape)


def join_fingerprints(one, other):
    """The fingerprint of two texts, from the fingerprints of each."""
    mixed = other * CROSS & WORD
    mixed = (mixed ^ mixed >> 47) * CROSS & WORD
    joined = ((one ^ CROSS) ^ mixed) * CROSS & WORD
    joined = (joined ^ joined >> 47) * CROSS & WORD
    return joined ^ joined >> 47
