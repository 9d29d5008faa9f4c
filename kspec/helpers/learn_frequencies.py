"""How rare the words of a vocabulary are."""

from __future__ import annotations

import numpy as np


def learn_frequencies(batches, vocabulary, size, first):
    """The inverse document frequency of each word: f32[size].

    It is log(1 + n / (1 + examples that have it)). What is unknown has the `first`
    places and the mean of all; places that no word has are 0.
    """
    examples = 0
    having = dict.fromkeys(vocabulary, 0)
    for batch in batches:
        for words in np.reshape(batch, (len(batch), -1)).tolist():
            examples += 1
            for word in set(words) & having.keys():
                having[word] += 1
    tells = [np.log(1 + examples / (1 + having[word])) for word in vocabulary]
    result = np.zeros(size, np.float32)
    result[:first] = np.mean(tells) if tells else 0
    result[first : first + len(tells)] = tells
    return result
