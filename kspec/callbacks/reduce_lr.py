"""Lower learning rates, with Keras' arguments and decisions."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import ClassVar, final

from kspec.callbacks.base import Callback, Monitor, arg, callback

Rates = Sequence[float]  # of one epoch: one for each optimizer whose rate is no schedule


@final
@callback("reduce_lr")
class ReduceLR(Callback):
    """Multiply the learning rate with a factor when a number has not improved for some epochs.

    Keras calls it ReduceLROnPlateau. Where parts of the weights have optimizers of their own,
    each has a rate, and all are lowered.
    """

    line: ClassVar[str] = "reduce_lr { monitor = validation.loss, factor = 0.1, patience = 5 }"

    monitor: Monitor = arg(
        default=Monitor("validation.loss", "min"), doc="What is watched, such as `validation.loss`."
    )
    factor: float = arg(default=0.1, doc="What the rate is multiplied with, below 1.")
    patience: int = arg(default=10, doc="How many epochs without an improvement are borne.")
    min_delta: float = arg(default=1e-4, doc="What counts as an improvement is more than this.")
    cooldown: int = arg(default=0, doc="How many epochs after that are not counted.")
    min_lr: float = arg(default=0.0, doc="What no rate goes below.")

    def check(self) -> str | None:
        """Counts count, and the rate gets smaller."""
        for name in ("patience", "min_delta", "cooldown", "min_lr"):
            if getattr(self, name) < 0:
                return f"{name} must not be negative"
        fine = 0 < self.factor < 1
        return None if fine else f"factor must be above 0 and below 1, not {self.factor}"

    def earliest(self) -> int:
        """After how many epochs it may act for the first time, with nothing ever improving."""
        return 1 + max(1, self.patience)  # the first epoch is an improvement

    def decide(self, values: Sequence[float], rates: Sequence[Rates]) -> bool:
        """Whether rates are lowered now.

        Args:
            values: The monitored number of each epoch so far.
            rates: The rates that each of these epochs was trained with.
        """
        best: float | None = None
        wait = cooldown = 0
        lowers = False
        for value, had in zip(values, rates, strict=True):
            lowers = False
            if cooldown > 0:
                cooldown -= 1
                wait = 0
            if self.monitor.improves(value, best, self.min_delta):
                best, wait = value, 0
            elif cooldown == 0:
                wait += 1
                lowers = wait >= self.patience and any(rate > self._least for rate in had)
                if lowers:
                    cooldown, wait = self.cooldown, 0
        return lowers

    def lowered(self, rates: Rates) -> list[float]:
        """The rates of the next epoch, as they are in float32."""
        return [
            _float32(max(rate * self.factor, self.min_lr)) if rate > self._least else rate
            for rate in rates
        ]

    @property
    def _least(self) -> float:
        return _float32(self.min_lr)


def _float32(value: float) -> float:
    """The nearest number of that type."""
    (found,) = struct.unpack("f", struct.pack("f", value))
    return found
