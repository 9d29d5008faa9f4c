"""Texts to words."""

from __future__ import annotations

import numpy as np

SPACES = dict.fromkeys(map(ord, "\t\n\v\f\r"), " ")
CAPITALS = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}
PUNCTUATION = dict.fromkeys(map(ord, "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'"))


def split_text(texts, standardize, split, ngrams, width):
    """The words of each text: object[B, width], filled up with empty ones.

    Only ASCII letters lose their case, and only ASCII punctuation goes. Without a width
    all words are kept.
    """
    dropped = {}
    if standardize in ("lower", "lower_and_strip_punctuation"):
        dropped |= CAPITALS
    if standardize in ("strip_punctuation", "lower_and_strip_punctuation"):
        dropped |= PUNCTUATION
    if split == "whitespace":
        dropped |= SPACES
    rows = []
    for text in texts:
        text = str(text).translate(dropped)
        words = [text]
        if split == "whitespace":
            words = [word for word in text.split(" ") if word]
        elif split == "character":
            words = list(text)
        if ngrams:
            words = [
                " ".join(words[start : start + size])
                for size in ngrams
                for start in range(len(words) - size + 1)
            ]
        rows.append(words)
    if width is None:
        width = max([1, *map(len, rows)])
    result = np.full((len(rows), width), "", "O")
    for row, words in zip(result, rows, strict=True):
        row[: len(words)] = words[:width]
    return result
