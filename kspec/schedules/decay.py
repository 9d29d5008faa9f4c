"""Schedules that fall: exponentially, with time, by powers, in stairs. Keras' numbers."""

from __future__ import annotations

from itertools import pairwise
from typing import final

from kspec.schedules.base import Emit, Schedule, Steps, arg, positive, schedule


@final
@schedule("exponential_decay")
class ExponentialDecay(Schedule):
    """rate(t) = initial_learning_rate * decay_rate ** (t / decay_steps)."""

    initial_learning_rate: float = arg(doc="The rate of the first update.")
    decay_steps: Steps = arg(doc="In how many updates it falls once by `decay_rate`.")
    decay_rate: float = arg(doc="What is left of the rate after `decay_steps`.")
    staircase: bool = arg(default=False, doc="Whether it falls only every `decay_steps`.")

    def check(self) -> str | None:
        """Something to divide by."""
        return positive(decay_steps=self.decay_steps, decay_rate=self.decay_rate)

    def emit(self, emit: Emit) -> str:
        """Optax has it."""
        staircase = ", staircase=True" if self.staircase else ""
        return (
            f"optax.exponential_decay({self.initial_learning_rate!r}, "
            f"{self.decay_steps!r}, {self.decay_rate!r}{staircase})"
        )

    def end(self) -> int | None:
        """The first step of the stairs; without stairs it falls from the start."""
        return self.decay_steps if self.staircase else None


@final
@schedule("inverse_time_decay")
class InverseTimeDecay(Schedule):
    """rate(t) = initial_learning_rate / (1 + decay_rate * t / decay_steps)."""

    initial_learning_rate: float = arg(doc="The rate of the first update.")
    decay_steps: Steps = arg(doc="In how many updates the divisor grows by `decay_rate`.")
    decay_rate: float = arg(doc="How fast the divisor grows.")
    staircase: bool = arg(default=False, doc="Whether it falls only every `decay_steps`.")

    def check(self) -> str | None:
        """Something to divide by."""
        return positive(decay_steps=self.decay_steps)

    def emit(self, emit: Emit) -> str:
        """A helper: Optax has none."""
        staircase = ", staircase=True" if self.staircase else ""
        return (
            f"{emit.helper('inverse_time_decay')}({self.initial_learning_rate!r}, "
            f"{self.decay_steps!r}, {self.decay_rate!r}{staircase})"
        )

    def end(self) -> int | None:
        """The first step of the stairs; without stairs it falls from the start."""
        return self.decay_steps if self.staircase else None


@final
@schedule("polynomial_decay")
class PolynomialDecay(Schedule):
    """From one rate to another along a power: a straight line by default.

    rate(t) = end + (initial - end) * (1 - min(t, decay_steps) / decay_steps) ** power
    cycle:  decay_steps is doubled, tripled, ... whenever it is reached, so the rate jumps up.
    """

    initial_learning_rate: float = arg(doc="The rate of the first update.")
    decay_steps: Steps = arg(doc="After how many updates the end is reached.")
    end_learning_rate: float = arg(default=0.0001, doc="The rate at the end.")
    power: float = arg(default=1.0, doc="The power; 1 is a straight line.")
    cycle: bool = arg(default=False, doc="Whether it begins anew with a longer way.")

    def check(self) -> str | None:
        """Something to divide by."""
        return positive(decay_steps=self.decay_steps)

    def emit(self, emit: Emit) -> str:
        """Optax has it but for the cycles."""
        first, last = self.initial_learning_rate, self.end_learning_rate
        if self.cycle:
            name = emit.helper("cyclic_polynomial_decay")
            return f"{name}({first!r}, {last!r}, {self.power!r}, {self.decay_steps!r})"
        return (
            f"optax.polynomial_schedule({first!r}, {last!r}, {self.power!r}, {self.decay_steps!r})"
        )

    def end(self) -> int:
        """Where the end is reached for the first time."""
        return self.decay_steps


@final
@schedule("piecewise_constant_decay")
class PiecewiseConstantDecay(Schedule):
    """`values[i]` up to and including update `boundaries[i]`, then the next; at last the last."""

    boundaries: tuple[Steps, ...] = arg(doc="The last update of each value but the last.")
    values: tuple[float, ...] = arg(doc="The rates, one more than boundaries.")

    def check(self) -> str | None:
        """One value more, and boundaries that rise."""
        if len(self.values) != len(self.boundaries) + 1:
            return (
                f"values must be one more than boundaries, not {len(self.values)} "
                f"for {len(self.boundaries)}"
            )
        if not self.boundaries:
            return "boundaries must not be empty: give a number instead of a schedule"
        if any(right <= left for left, right in pairwise(self.boundaries)):
            return f"boundaries must rise, not {', '.join(map(str, self.boundaries))}"
        return None

    def emit(self, emit: Emit) -> str:
        """A helper: Optax multiplies by ratios, which rounds."""
        name = emit.helper("piecewise_constant")
        return f"{name}({list(self.boundaries)!r}, {list(self.values)!r})"

    def end(self) -> int:
        """The last update before the last value."""
        return self.boundaries[-1]
