"""Schedules along a cosine. Source: Loshchilov and Hutter, SGDR, 2017."""

from __future__ import annotations

from typing import final

from kspec.schedules.base import Emit, Schedule, Steps, arg, positive, schedule


@final
@schedule("cosine_decay")
class CosineDecay(Schedule):
    """Half a cosine wave down to `alpha` of the rate, after a straight way up if asked for.

    rate(t) = initial * ((1 - alpha) * (1 + cos(pi * done)) / 2 + alpha)
    done = min(t, decay_steps) / decay_steps
    With `warmup_target` the wave begins there, after `warmup_steps` on a line from `initial`.
    """

    initial_learning_rate: float = arg(doc="The rate of the first update.")
    decay_steps: Steps = arg(doc="How many updates the wave takes, warm-up not counted.")
    alpha: float = arg(default=0.0, doc="What is left at the end, as a fraction.")
    warmup_target: float | None = arg(default=None, doc="The rate after the warm-up, if any.")
    warmup_steps: Steps = arg(default=0, doc="How many updates the warm-up takes.")

    def check(self) -> str | None:
        """Something to divide by, and a warm-up that is whole or not there."""
        if self.warmup_target is None and self.warmup_steps:
            return "warmup_steps needs a warmup_target"
        if self.warmup_target is not None and self.warmup_steps < 1:
            return "warmup_target needs warmup_steps"
        return positive(decay_steps=self.decay_steps)

    def emit(self, emit: Emit) -> str:
        """Optax has both; it counts the warm-up as part of the decay, and ends at a rate."""
        first = self.initial_learning_rate
        if self.warmup_target is None:
            alpha = f", {self.alpha!r}" if self.alpha else ""
            return f"optax.cosine_decay_schedule({first!r}, {self.decay_steps!r}{alpha})"
        end = f", {self.warmup_target * self.alpha!r}" if self.alpha else ""
        steps = self.warmup_steps + self.decay_steps
        return (
            f"optax.warmup_cosine_decay_schedule({first!r}, {self.warmup_target!r}, "
            f"{self.warmup_steps!r}, {steps!r}{end})"
        )

    def end(self) -> int:
        """The end of the wave."""
        return self.warmup_steps + self.decay_steps


@final
@schedule("cosine_decay_restarts")
class CosineDecayRestarts(Schedule):
    """Half a cosine wave down, again and again, each `t_mul` times as long as the one before."""

    initial_learning_rate: float = arg(doc="The rate of the first update.")
    first_decay_steps: Steps = arg(doc="How many updates the first wave takes.")
    t_mul: float = arg(default=2.0, doc="How much longer each wave is than the one before.")
    m_mul: float = arg(default=1.0, doc="How much higher each wave begins.")
    alpha: float = arg(default=0.0, doc="What is left at the end of a wave, as a fraction.")

    def check(self) -> str | None:
        """Waves of some length, none shorter than the one before."""
        if self.t_mul < 1:
            return f"t_mul must be at least 1, not {self.t_mul}"
        return positive(first_decay_steps=self.first_decay_steps)

    def emit(self, emit: Emit) -> str:
        """A helper: Optax wants a list of all waves."""
        options = f", alpha={self.alpha!r}" if self.alpha else ""
        return (
            f"{emit.helper('cosine_restarts')}({self.initial_learning_rate!r}, "
            f"{self.first_decay_steps!r}, {self.t_mul!r}, {self.m_mul!r}{options})"
        )

    def end(self) -> int:
        """The end of the first wave."""
        return self.first_decay_steps
