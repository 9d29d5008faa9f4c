"""How often a run is saved, and whether its best weights are kept."""

from __future__ import annotations

from typing import ClassVar, final

from kspec.callbacks.base import Callback, Interval, Monitor, arg, callback


@final
@callback("checkpoint")
class Checkpoint(Callback):
    """Save the run as it goes, so that it can be resumed, and keep the best weights.

    A run is saved every ten seconds without it. Keras calls it ModelCheckpoint.
    """

    in_phases: ClassVar[bool] = False
    line: ClassVar[str] = "checkpoint { best = min(validation.loss), every = 10min }"

    best: Monitor | None = arg(
        default=None, doc="Which epoch's weights `best.safetensors` has: `min(validation.loss)`."
    )
    keep: int = arg(default=2, doc="How many checkpoints are kept.")
    every: Interval = arg(
        default=Interval(10.0, "s"), doc="How often: `10min`, `1epochs`, `500steps`."
    )

    def check(self) -> str | None:
        """One is whole while the next is written."""
        return None if self.keep >= 1 else f"keep must be at least 1, not {self.keep}"
