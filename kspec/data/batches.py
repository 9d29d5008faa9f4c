"""Which rows a batch holds: a pure function of (seed, epoch, index)."""

from __future__ import annotations

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
    """

    rows: int
    batch: int
    seed: int
    shuffle: bool

    @property
    def steps(self) -> int:
        """Batches in an epoch."""
        return -(-self.rows // self.batch)

    def order(self, epoch: int) -> NDArray[np.int64]:
        """The rows in the order of an epoch: each once."""
        import numpy as np

        if not self.shuffle:
            return np.arange(self.rows)
        return _permutation(self.rows, self.seed, epoch)

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


@lru_cache(maxsize=2)
def _permutation(rows: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """A permutation that depends on its arguments alone, on every machine."""
    import numpy as np

    generator = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, epoch])))
    return generator.permutation(rows)
