"""Bring rows to the device: all splits at once where they fit, else batches as they are due.

The splits stand one behind the other in one array a field, so that training and every
evaluation gather from arrays of one shape, and share their executables.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kspec.data.dataset import Split
from kspec.runtime import compat

# Of the device's memory, what the data may take.
SHARE: Final = 0.25
HOST_BYTES: Final = 2 * 2**30  # where the device does not say how much it has: the CPU


class Feed:
    """The splits, ready to be gathered from. Text fields stay behind.

    Args:
        splits: The splits by name.
        limit: How many bytes may stay on the device; a share of its memory by default.
    """

    def __init__(self, splits: Mapping[str, Split], limit: int | None = None) -> None:
        self._splits = {name: _numbers(split.arrays) for name, split in splits.items()}
        self.rows = {name: len(split) for name, split in splits.items()}
        starts = accumulate(self.rows.values(), initial=0)
        self._start = dict(zip(self.rows, starts, strict=False))
        size: int = sum(a.nbytes for arrays in self._splits.values() for a in arrays.values())
        self.resident = size <= (capacity() if limit is None else limit)
        self._whole: dict[str, Any] = {}
        if self.resident:
            fields: list[str] = list(next(iter(self._splits.values())))
            for name in fields:
                parts = [arrays[name] for arrays in self._splits.values()]
                whole = parts[0] if len(parts) == 1 else np.concatenate(parts)
                self._whole[name] = compat.to_device(whole)

    def batch(self, split: str, rows: NDArray[np.int32]) -> dict[str, Any]:
        """The rows of one batch of a split."""
        return {name: field[rows] for name, field in self._splits[split].items()}

    def gatherable(
        self, split: str, rows: NDArray[np.int32]
    ) -> tuple[dict[str, Any], NDArray[np.int32]]:
        """Fields, and the rows to gather from them, for several batches of a split.

        What is on the device is gathered from as it is. Else just the rows of these
        batches are sent, and gathered in order.
        """
        if self.resident:
            return dict(self._whole), rows + np.int32(self._start[split])
        flat = rows.reshape(-1)
        return self.batch(split, flat), np.arange(flat.size, dtype=np.int32).reshape(rows.shape)


def _numbers(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name: array for name, array in arrays.items() if array.dtype.kind != "U"}


def capacity() -> int:
    """How many bytes of data may stay on the device."""
    stats: dict[str, int] = compat.device().memory_stats() or {}
    limit = stats.get("bytes_limit")
    return HOST_BYTES if limit is None else int(limit * SHARE)
