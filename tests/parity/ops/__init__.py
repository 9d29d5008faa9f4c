"""Expressions beside the same in Keras, a family a file, as `kspec/ops/` has them.

Letters are tensors: `INPUTS`, which have a batch of 4, and `WEIGHTS`, which have none. `k` is
`keras.ops`. What Keras does to whole arrays kspec does to each example by itself: `each` says
so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, TypeAlias

import jax
import numpy as np

from tests.parity.harness import floats, keras

Cases: TypeAlias = dict[str, str]

RNG = np.random.default_rng(0)


def with_gaps(array: np.ndarray) -> np.ndarray:
    """The array with some NaN, but no line of them only."""
    gaps = RNG.random(array.shape) < 0.2
    gaps[..., 0] = gaps[:, 0] = False
    return np.where(gaps, np.float32(np.nan), array)


def odd(array: np.ndarray) -> np.ndarray:
    """The array with infinities, NaN, and zeros of either sign."""
    array[0, :5, 0] = np.inf, -np.inf, np.nan, 0.0, -0.0
    return array


# What the letters are: the type of an example, and a batch of 4.
INPUTS: dict[str, tuple[str, np.ndarray]] = {
    "x": ("f32[5, 6]", floats(4, 5, 6)),
    "z": ("f32[5, 6]", floats(4, 5, 6, seed=1)),
    "y": ("f32[6, 3]", floats(4, 6, 3, seed=2)),
    "r": ("f32[6]", floats(4, 6, seed=3)),
    "s": ("f32", floats(4, seed=4)),
    "i": ("i32[5]", RNG.integers(0, 6, (4, 5)).astype(np.int32)),
    "j": ("i32[5, 6]", RNG.integers(-9, 10, (4, 5, 6)).astype(np.int32)),
    "h": ("i32[5, 6]", RNG.integers(1, 6, (4, 5, 6)).astype(np.int32)),
    "t": ("bool[5, 6]", RNG.random((4, 5, 6)) < 0.5),
    "n": ("f32[5, 6]", with_gaps(floats(4, 5, 6, seed=5))),
    "o": ("f32[5, 6]", odd(floats(4, 5, 6, seed=6))),
    "m": ("f32[6, 8, 4]", floats(4, 6, 8, 4, seed=7)),
    "q": ("f32[2, 7, 6]", floats(4, 2, 7, 6, seed=8)),
}
WEIGHTS = {
    "w": floats(6, 3, seed=20),
    "v": floats(6, seed=21),
    "u": floats(5, 6, seed=22),
    "e": np.sort(floats(7, seed=23)),
    "d": floats(3, 2, 4, 6, seed=24),
    "f": floats(3, 2, 4, 2, seed=25),
    "g": floats(1, 1, 8, 5, seed=26),
    "c": floats(1, 6, seed=27),
}
KERAS: dict[str, Any] = {"k": keras.ops, "each": jax.vmap}

# Arguments of reductions beside those of Keras, which would go over the batch by default.
REDUCED: Cases = {
    "": ", axis=(1, 2)",
    ", axis=-1": ", axis=-1",
    ", axis=1, keepdims=true": ", axis=1, keepdims=True",
    ", axis=(1, 2), keepdims=true": ", axis=(1, 2), keepdims=True",
}


def same(expressions: Iterable[str]) -> Cases:
    """Expressions that start with an op and are the same in Keras, but for its name."""
    words = {"true": "True", "false": "False", "none": "None"}
    return {
        text: "k." + re.sub(r"\b(true|false|none)\b", lambda match: words[match[1]], text)
        for text in expressions
    }


def calls(names: str, argument: str = "x") -> Cases:
    """Ops of one operand, by their names."""
    return same(f"{name}({argument})" for name in names.split())


def reduced(names: str, argument: str = "x") -> Cases:
    """Reductions over several axes, by their names."""
    return {
        f"{name}({argument}{ours})": f"k.{name}({argument}{theirs})"
        for name in names.split()
        for ours, theirs in REDUCED.items()
    }
