"""Write the data of siamese.kspec: pairs of scans, each read as a sentence of 16 words.

A word is four pixels next to each other, of three shades, as a number of four digits, so that
a vocabulary of 10,000 has room for all. The scans are those of `digits()`: 1,437 of them make
8,000 pairs to learn from, and the other 360 make 1,000 pairs to test with. Half of the pairs
show the same digit. Run it as `python specs/pairs.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from kspec.data.digits import Digits

HERE: Final = Path(__file__).parent
SHADES: Final = 3
TRAIN: Final = 1_437  # scans
PAIRS: Final = {"train": 8_000, "test": 1_000}


def words(images: np.ndarray) -> np.ndarray:
    """Scans u8[n, 8, 8] of 0 to 16 as sentences u16[n, 16]."""
    shades = images.astype(int) * SHADES // 17
    return (shades.reshape(len(images), 16, 4) @ (1000, 100, 10, 1)).astype(np.uint16)


def pairs() -> dict[str, dict[str, np.ndarray]]:
    """The pairs of both parts: `left`, `right`, and whether they are the `same` digit."""
    rng = np.random.Generator(np.random.PCG64(0))
    scans = Digits().open(HERE).read(np.arange(1_797), ("image", "label"))
    order = rng.permutation(1_797)
    parts: dict[str, dict[str, np.ndarray]] = {}
    for part, rows in (("train", order[:TRAIN]), ("test", order[TRAIN:])):
        sentences, digit = words(scans["image"][rows]), scans["label"][rows]
        left = rng.integers(0, len(rows), PAIRS[part])
        same = rng.integers(0, 2, PAIRS[part]).astype(np.uint8)
        right = [
            rng.choice(np.flatnonzero((digit == digit[a]) == s))
            for a, s in zip(left, same, strict=True)
        ]
        parts[part] = {"left": sentences[left], "right": sentences[right], "same": same}
    return parts


if __name__ == "__main__":
    for name, arrays in pairs().items():
        np.savez_compressed(HERE / f"pairs_{name}.npz", **arrays)
