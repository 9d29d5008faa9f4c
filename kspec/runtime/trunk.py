"""Run the frozen part of a phase once over the data, and keep what it gives."""

from __future__ import annotations

import tempfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kspec.data.dataset import Split
from kspec.runtime.executable import Tree, Updates
from kspec.runtime.feed import HOST_BYTES, Feed


class Trunk:
    """What the frozen part of a phase made of every split.

    It stays in memory up to a limit, and in unnamed files that are mapped beyond that, which go
    with this object.

    Attributes:
        feed: The splits with it, for the rest of the step.

    Args:
        updates: The functions of the phase.
        state: The state as the phase begins.
        feed: The data.
        fields: The fields that the rest of the step takes.
        batch: Examples in a batch.
        limit: Bytes that stay in memory.
    """

    def __init__(
        self,
        updates: Updates,
        state: Tree,
        feed: Feed,
        fields: tuple[str, ...],
        batch: int,
        limit: int = HOST_BYTES,
    ) -> None:
        self._left = limit
        splits: dict[str, Split] = {}
        for name, rows in feed.rows.items():
            made = self._run(updates, state, feed, name, rows, batch)
            kept = {field: feed.arrays(name)[field] for field in fields}
            splits[name] = Split({**kept, **made}, {})
        self.feed = Feed(splits, placement=feed.placement)

    def _run(
        self, updates: Updates, state: Tree, feed: Feed, split: str, rows: int, batch: int
    ) -> dict[str, NDArray[Any]]:
        """The results for one split; the last batch is filled up with rows from the start."""
        made: dict[str, NDArray[Any]] = {}
        for first in range(0, rows, batch):
            chosen = np.arange(first, first + batch, dtype=np.int32) % rows
            out = updates.trunk_step(state, feed.batch(split, chosen))
            for name, values in out.items():
                part = np.asarray(values)
                if name not in made:
                    made[name] = self._array((rows, *part.shape[1:]), part.dtype)
                made[name][first : first + batch] = part[: rows - first]
        return made

    def _array(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        size = int(np.prod(shape)) * dtype.itemsize
        if size <= self._left:
            self._left -= size
            return np.empty(shape, dtype)
        with tempfile.TemporaryFile(prefix="kspec-trunk-") as file:
            return np.memmap(file, dtype, "w+", shape=shape)
