"""The table of measurements that ships with kspec: which way was faster for an op of some shape.

`kernels.json`, which `python -m benchmarks.kernels` writes, has a row an op: the seconds of a
training step around it, by each way. An op that is not in it goes the way of the nearest one:
of the same kind and element type, and with the least factors between their sizes.
"""

from __future__ import annotations

import json
import math
import re
from functools import cache
from pathlib import Path
from typing import Final

TABLE: Final = Path(__file__).with_name("kernels.json")


def nearest(key: str, options: tuple[str, ...]) -> str:
    """The way of the nearest op in the table; the first one of the options without any."""
    same = [row for row in _rows() if _kind(row[0]) == _kind(key) and row[1] in options]
    size = sizes(key)
    ways = ((_apart(size, sizes(other)), way) for other, way in same)
    return min(ways, default=(0.0, options[0]), key=lambda each: each[0])[1]


@cache
def _rows() -> list[tuple[str, str]]:
    """The keys of the table, each with the faster way."""
    measured = json.loads(TABLE.read_text(encoding="utf-8"))["measured"]
    return [(key, row["chosen"]) for key, row in measured.items()]


def _kind(key: str) -> tuple[str, str]:
    """The op and its element type."""
    name, _, operands = key.partition("(")
    return name, operands.partition("[")[0]


@cache
def sizes(key: str) -> tuple[int, ...]:
    """What the time of an op depends on: batch, places, numbers in a window, and channels.

    An axis whose size is not known counts as one.
    """
    shapes = [
        [int(axis) if axis.isdigit() else 1 for axis in found.split(",")]
        for found in re.findall(r"\w\[([^\]]*)\]", key)
    ]
    first, *_, result = shapes
    places = math.prod(result[1:-1])
    window = math.prod(shapes[1][:-1]) if len(shapes) > 2 else math.prod(first[1:-1]) // places
    return (first[0], places, window, result[-1])


def _apart(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """How far sizes are from each other, as the sum of the logarithms of their factors."""
    return sum(abs(math.log(a / b)) for a, b in zip(one, other, strict=True))
