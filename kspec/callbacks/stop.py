"""Early stopping, with Keras' arguments and decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, final

from kspec.callbacks.base import Callback, Monitor, arg, callback


@final
@callback("stop")
class Stop(Callback):
    """End training, or the phase, when a number has not improved for some epochs.

    Keras calls it EarlyStopping. What is no number is no improvement here, even as the first.
    """

    line: ClassVar[str] = "stop { monitor = validation.loss, patience = 3 }"

    monitor: Monitor = arg(
        default=Monitor("validation.loss", "min"), doc="What is watched, such as `validation.loss`."
    )
    min_delta: float = arg(default=0.0, doc="What counts as an improvement is more than this.")
    patience: int = arg(default=0, doc="How many epochs without an improvement are borne.")
    baseline: float | None = arg(default=None, doc="What must be beaten for patience to renew.")
    restore_best_weights: bool = arg(default=False, doc="Whether to end with the best weights.")
    start_from_epoch: int = arg(default=0, doc="How many epochs are not looked at.")

    def check(self) -> str | None:
        """Counts count."""
        for name in ("min_delta", "patience", "start_from_epoch"):
            if getattr(self, name) < 0:
                return f"{name} must not be negative"
        return None

    def earliest(self) -> int:
        """After how many epochs it may stop for the first time, with nothing ever improving."""
        first = 1 if self.baseline is None else 0  # one that beats no baseline renews nothing
        return self.start_from_epoch + first + max(2 - first, self.patience)

    def decide(self, values: Sequence[float]) -> tuple[bool, int | None]:
        """Whether to stop now, and the index of the epoch with the best weights.

        Args:
            values: The monitored number of each epoch so far.
        """
        best: float | None = None
        at: int | None = None
        wait = 0
        stops = False
        for epoch, value in enumerate(values):
            if epoch < self.start_from_epoch:
                continue
            at = epoch if at is None else at
            wait += 1
            stops = False
            if self.monitor.improves(value, best, self.min_delta):
                best, at = value, epoch
                beaten = self.baseline is None or self.monitor.improves(
                    value, self.baseline, self.min_delta
                )
                wait = 0 if beaten else wait
            else:
                stops = wait >= self.patience and epoch > 0
        return stops, at
