"""Words and whole numbers to bins."""

from __future__ import annotations

import numpy as np

from kspec.helpers.fingerprint import fingerprint
from kspec.helpers.keyed_fingerprint import keyed_fingerprint


def hash_words(words, bins, mask=None, salt=None):
    """A bin for each word: i32, 0 to `bins` - 1; a salt is two numbers.

    With a mask the first bin is that word's alone, unless there is but one bin.
    """
    masked = mask is not None and bins > 1
    words = np.asarray(words)
    flat = words.ravel().tolist()
    known = {word: hash_word(word, bins - masked, salt) + masked for word in set(flat)}
    if masked:
        known[mask] = 0
    return np.array([known[word] for word in flat], np.int32).reshape(words.shape)


def hash_word(word, bins, salt=None):
    """The bin of one word."""
    hashed = fingerprint(word) if salt is None else keyed_fingerprint(word, salt)
    return hashed % bins
