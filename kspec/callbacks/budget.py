"""What one command may take before it ends, to be resumed."""

from __future__ import annotations

from typing import ClassVar, final

from kspec.callbacks.base import Callback, Interval, arg, callback


@final
@callback("budget")
class Budget(Callback):
    """End training when it has taken so long or so many steps, with a checkpoint.

    The run is the same as without it: `kspec resume` goes on, with a budget of its own.
    """

    in_phases: ClassVar[bool] = False
    line: ClassVar[str] = "budget { time = 2h }"

    time: Interval | None = arg(default=None, doc="How long: `2h`, `90min`.")
    steps: Interval | None = arg(default=None, doc="How many updates: `10_000steps`.")

    def check(self) -> str | None:
        """There must be a budget, in its unit."""
        if self.time is None and self.steps is None:
            return "it needs `time` or `steps`"
        if self.time is not None and self.time.unit != "s":
            return f"time must be a time such as `2h`, not {self.time}"
        if self.steps is not None and self.steps.unit != "steps":
            return f"steps must be a number of steps such as `1_000steps`, not {self.steps}"
        return None

    def spent(self, seconds: float, steps: int) -> str | None:
        """What of it is used up, in words; None while there is some left."""
        if self.time is not None and seconds >= self.time.count:
            return f"{self.time.count:g} s"
        if self.steps is not None and steps >= self.steps.count:
            return f"{self.steps.count:,.0f} steps"
        return None
