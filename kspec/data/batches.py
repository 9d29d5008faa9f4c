"""Which rows a batch holds: a pure function of (seed, epoch, index)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """The batches of a split.

    Attributes:
        rows: Rows of the split.
        batch: Rows of a batch; the last one of an epoch is filled up and masked.
        seed: Of the order.
        shuffle: Whether each epoch has an order of its own; else it is that of the file.
        drawn: The rows of an epoch, as many as there are, some of them several times; None for
            each of them once.
    """

    rows: int
    batch: int
    seed: int
    shuffle: bool
    drawn: Callable[[int], NDArray[np.int64]] | None = None

    @property
    def steps(self) -> int:
        """Batches in an epoch."""
        return -(-self.rows // self.batch)

    def order(self, epoch: int) -> NDArray[np.int64]:
        """The rows in the order of an epoch."""
        import numpy as np

        if self.drawn is not None:
            return self.drawn(epoch) if self.shuffle else np.sort(self.drawn(epoch))
        if not self.shuffle:
            return np.arange(self.rows)
        return permutation(self.rows, self.seed, epoch)

    def alike(self, epoch: int, first: int, count: int) -> bool:
        """Whether `count` batches from batch `first` of an epoch have one shape: all have."""
        del epoch, first, count
        return True

    def indices(
        self, epoch: int, first: int, count: int
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The rows of `count` batches from batch `first` of an epoch.

        Returns:
            Rows, i32[count, batch], and a mask, f32[count, batch], which is 0 where a row
            only fills the last batch up; such rows are row 0.
        """
        import numpy as np

        rows = np.zeros(count * self.batch, np.int32)
        mask = np.zeros(count * self.batch, np.float32)
        chosen = self.order(epoch)[first * self.batch : (first + count) * self.batch]
        rows[: len(chosen)] = chosen
        mask[: len(chosen)] = 1
        return rows.reshape(count, self.batch), mask.reshape(count, self.batch)


@lru_cache(maxsize=4)
def permutation(count: int, *seed: int) -> NDArray[np.int64]:
    """A permutation that depends on its arguments alone, on every machine."""
    import numpy as np

    generator = np.random.Generator(np.random.Philox(np.random.SeedSequence(seed)))
    return generator.permutation(count)


def oversampled(classes: NDArray[np.int64], seed: int) -> Callable[[int], NDArray[np.int64]]:
    """Rows of which all classes come equally often: a function of the epoch.

    Each class has its part of an epoch to within one row. Its rows are drawn in turn, all of
    them before one comes again, so that of a large class other rows are left out each time.

        classes 0 0 0 0 1 1   ->   rows 2 0 3 and 5 4 5, in any order

    Args:
        classes: The class of each row.
        seed: Of the choice and the order.
    """
    import numpy as np

    names, counts = np.unique(classes, return_counts=True)
    by_class = np.split(np.argsort(classes, kind="stable"), np.cumsum(counts)[:-1])

    @lru_cache(maxsize=2)
    def draw(epoch: int) -> NDArray[np.int64]:
        generator = np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, epoch, 2))))
        most = np.full(len(names), len(classes) // len(names))
        most[generator.permutation(len(names))[: len(classes) % len(names)]] += 1
        rows: list[NDArray[np.int64]] = []
        for members, count in zip(by_class, most.tolist(), strict=True):
            rounds = -(-count // len(members))
            turns = [generator.permutation(members) for _ in range(rounds)]
            rows += [np.concatenate(turns)[:count]] if turns else []
        return generator.permutation(np.concatenate(rows))

    return draw
