"""Words and whole numbers to their places in a vocabulary."""

from __future__ import annotations

import numpy as np

from kspec.helpers.hash_words import hash_word


def look_up(
    words, vocabulary, first=0, unknown=1, mask=None, masked=0, salt=None, hashed=False
):
    """The number of each word: i32.

    `unknown` numbers from `first` on are for words that the vocabulary lacks; its own
    come behind them. `mask` is a word that has the number `masked`. Unknown words share
    numbers by a hash; integers by their remainder, unless they are `hashed`, too.

    Raises:
        LookupError: A word is not in the vocabulary, and no number is for that.
    """
    words = np.asarray(words)
    numbers = {word: first + unknown + at for at, word in enumerate(vocabulary)}
    if mask is not None:
        numbers[mask] = masked
    found = []
    for word in words.ravel().tolist():
        if word not in numbers:
            if unknown == 0:
                raise LookupError(f"{word!r} is not in the vocabulary")
            number = 0
            if unknown > 1 and isinstance(word, int) and not hashed:
                number = word % unknown
            elif unknown > 1:
                number = hash_word(word, unknown, salt)
            numbers[word] = first + number
        found.append(numbers[word])
    return np.array(found, np.int32).reshape(words.shape)
