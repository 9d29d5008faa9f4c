"""Bring rows to the device: all splits at once where they fit, else batches as they are due.

The splits stand one behind the other in one array a field, or one a field and bucket, so that
training and every evaluation gather from arrays of one shape, and share their executables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kspec.data.buckets import Buckets
from kspec.data.dataset import Split
from kspec.data.noted import check_noted, in_memory, noted_of
from kspec.runtime import compat
from kspec.runtime.placement import Placement

# Of the device's memory, what the data may take.
SHARE: Final = 0.25
NONE: Final = Buckets()
MOST_STEPS: Final = 100  # in a dispatch: more gains nothing, and progress would stall
SENT: Final = 2**26  # bytes of a dispatch, if they are sent for it
HOST_BYTES: Final = 2 * 2**30  # where the device does not say how much it has: the CPU


class Feed:
    """The splits, ready to be gathered from. Text fields stay behind.

    Args:
        splits: The splits by name.
        limit: How many bytes may stay on the device; a share of its memory by default.
        buckets: How long batches can be.
        placement: The devices; one by default.

    Raises:
        SpecError: A file that is mapped into memory was changed since; as the methods do that read.

    Attributes:
        rows: The examples of each split.
        numbers: The number of each example's bucket, by split; all are 0 without buckets.
        members: The examples of each bucket of a split that has any, in file order.
    """

    def __init__(
        self,
        splits: Mapping[str, Split],
        limit: int | None = None,
        buckets: Buckets = NONE,
        placement: Placement | None = None,
    ) -> None:
        self.placement = placement or Placement()
        self.buckets = buckets
        self._splits = {name: _numbers(split.arrays) for name, split in splits.items()}
        self._noted = noted_of(a for arrays in self._splits.values() for a in arrays.values())
        self.rows = {name: len(split) for name, split in splits.items()}
        self.numbers = {name: buckets.numbers(split.arrays) for name, split in splits.items()}
        self.members = {name: _members(numbers) for name, numbers in self.numbers.items()}
        size: int = sum(a.nbytes for arrays in self._splits.values() for a in arrays.values())
        self.resident = size <= (capacity() if limit is None else limit)
        self._row = size / max(1, sum(self.rows.values()))  # bytes of an example
        self._whole: dict[int, dict[str, Any]] = {}  # by the numbers of buckets
        self._at: dict[str, NDArray[np.int32]] = {}  # where examples stand in that of their bucket
        if self.resident:
            check_noted(self._noted)
            self._keep()
            check_noted(self._noted)

    def arrays(self, split: str) -> dict[str, NDArray[Any]]:
        """The fields of a split."""
        return self._splits[split]

    def most_steps(self, batch: int) -> int:
        """How many batches may go to the device for one dispatch."""
        if self.resident:
            return MOST_STEPS
        return max(1, min(MOST_STEPS, int(SENT / max(1, self._row * batch))))

    def _keep(self) -> None:
        """Put the examples of each bucket on the device, those of one split behind another's."""
        starts = np.zeros(max(1, len(self.buckets.sizes)), np.int32)
        for split, numbers in self.numbers.items():
            self._at[split] = np.zeros(len(numbers), np.int32)
            for number, rows in self.members[split].items():
                self._at[split][rows] = starts[number] + np.arange(len(rows), dtype=np.int32)
                starts[number] += len(rows)
        for number in np.flatnonzero(starts).tolist():
            parts = [self._part(split, number) for split in self._splits]
            self._whole[number] = {
                name: self.placement.whole(
                    parts[0][name]
                    if len(parts) == 1
                    else np.concatenate([part[name] for part in parts])
                )
                for name in parts[0]
            }

    def _part(self, split: str, number: int) -> dict[str, NDArray[Any]]:
        """The examples of a split that are in a bucket, as long as that is."""
        # Copies: the device may take an array as it is, and read a mapped one from its file.
        arrays = {name: in_memory(array) for name, array in self._splits[split].items()}
        if self.buckets.sizes:
            rows = self.members[split].get(number, np.zeros(0, np.int64))
            arrays = {name: array[rows] for name, array in arrays.items()}
        return self.buckets.cut(arrays, number)

    def batch(self, split: str, rows: NDArray[np.integer[Any]]) -> dict[str, Any]:
        """The rows of one batch of a split; all are of one bucket."""
        return self.placement.shared(self._batch(split, rows))

    def _batch(self, split: str, rows: NDArray[np.integer[Any]]) -> dict[str, NDArray[Any]]:
        check_noted(self._noted)
        arrays = {name: field[rows] for name, field in self._splits[split].items()}
        check_noted(self._noted)
        return self.buckets.cut(arrays, int(self.numbers[split][rows[0]]))

    def gatherable(self, split: str, rows: NDArray[np.integer[Any]]) -> tuple[dict[str, Any], Any]:
        """Fields, and the rows to gather from them, for several batches of one bucket.

        What is on the device is gathered from as it is. Else just the rows of these
        batches are sent, and gathered in order.
        """
        flat = rows.reshape(-1)
        if self.resident:
            number = int(self.numbers[split][flat[0]])
            return dict(self._whole[number]), self.placement.shared(self._at[split][rows], 1)
        at = np.arange(flat.size, dtype=np.int32).reshape(rows.shape)
        sent = self.placement.whole(self._batch(split, flat))
        return sent, self.placement.shared(at, 1)


def _members(numbers: NDArray[np.int64]) -> dict[int, NDArray[np.int64]]:
    found = np.flatnonzero(np.bincount(numbers)).tolist()
    return {number: np.flatnonzero(numbers == number) for number in found}


def _numbers(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name: array for name, array in arrays.items() if array.dtype.kind != "U"}


def capacity() -> int:
    """How many bytes of data may stay on the device."""
    stats: dict[str, int] = compat.device().memory_stats() or {}
    limit = stats.get("bytes_limit")
    return HOST_BYTES if limit is None else int(limit * SHARE)
