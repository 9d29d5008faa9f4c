"""Batches of ragged fields that are no longer than the bucket of their examples.

Each example is in the smallest bucket that holds the longest of its ragged fields, and each
batch has examples of one bucket. As elsewhere, a batch is a function of (seed, epoch, index).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kspec.data.batches import BatchPlan, permutation
from kspec.data.ragged import length_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kspec.data.base import Array


@dataclass(frozen=True, slots=True)
class Buckets:
    """How long batches can be.

    Attributes:
        sizes: The lengths, the shortest first; none where all batches are as long.
        fields: The ragged fields, whose lengths say how long an example is.
        bounds: The arrays that are cut to their batch's length, each with its own bound.
    """

    sizes: tuple[int, ...] = ()
    fields: tuple[str, ...] = ()
    bounds: Mapping[str, int] = field(default_factory=dict[str, int])

    def numbers(self, arrays: Mapping[str, Array]) -> NDArray[np.int64]:
        """The number of each example's bucket, from 0."""
        import numpy as np

        rows = len(next(iter(arrays.values()), ()))
        names = [length_of(name) for name in self.fields if length_of(name) in arrays]
        if not self.sizes or not names:
            return np.zeros(rows, np.int64)
        longest: Array = np.stack([arrays[name] for name in names]).max(axis=0)
        return np.searchsorted(self.sizes, longest)

    def cut(self, arrays: Mapping[str, Array], number: int) -> dict[str, Array]:
        """The arrays of examples of one bucket, as long as that is."""
        if not self.sizes:
            return dict(arrays)
        size = self.sizes[number]
        return {
            name: array[:, : min(size, self.bounds[name])] if name in self.bounds else array
            for name, array in arrays.items()
        }


class BucketPlan:
    """The batches of a split whose examples are in buckets.

    Args:
        numbers: The number of each example's bucket.
        batch: Rows of a batch; the last one of each bucket is filled up and masked.
        seed: Of the order.
        shuffle: Whether each epoch has an order of its own; else batches stand in the order
            of their first rows.
    """

    def __init__(self, numbers: NDArray[np.int64], batch: int, seed: int, shuffle: bool) -> None:
        import numpy as np

        self.numbers = numbers
        self.batch = batch
        self.seed = seed
        self.shuffle = shuffle
        counts = np.bincount(numbers)
        self.steps = int((-(-counts // batch)).sum())
        self._epoch: tuple[int, list[NDArray[np.int64]]] | None = None

    def alike(self, epoch: int, first: int, count: int) -> bool:
        """Whether `count` batches from batch `first` of an epoch are of one bucket."""
        batches = self._batches(epoch)[first : first + count]
        return len({int(self.numbers[rows[0]]) for rows in batches}) == 1

    def indices(
        self, epoch: int, first: int, count: int
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The rows of batches, and a mask, as `BatchPlan.indices` gives them.

        A row that only fills a batch up is the first one of that batch.
        """
        import numpy as np

        rows = np.zeros((count, self.batch), np.int32)
        mask = np.zeros((count, self.batch), np.float32)
        for index, chosen in enumerate(self._batches(epoch)[first : first + count]):
            rows[index] = chosen[0]
            rows[index, : len(chosen)] = chosen
            mask[index, : len(chosen)] = 1
        return rows, mask

    def _batches(self, epoch: int) -> list[NDArray[np.int64]]:
        """The rows of each batch of an epoch."""
        import numpy as np

        if self._epoch is None or self._epoch[0] != epoch:
            order = BatchPlan(len(self.numbers), self.batch, self.seed, self.shuffle).order(epoch)
            batches: list[NDArray[np.int64]] = []
            for number in np.unique(self.numbers):
                rows = order[self.numbers[order] == number]
                batches += np.split(rows, range(self.batch, len(rows), self.batch))
            if self.shuffle:
                batches = [batches[i] for i in permutation(len(batches), self.seed, epoch, 1)]
            else:
                batches.sort(key=lambda rows: int(rows[0]))
            self._epoch = epoch, batches
        return self._epoch[1]
