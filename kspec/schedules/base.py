"""What a schedule is: a rate for each update, written as an Optax schedule."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Protocol, TypeVar

from kspec import registry
from kspec.registry import Definition, Steps, arg, register

__all__ = ["Emit", "Schedule", "Steps", "arg", "emit_rate", "emit_schedule", "positive", "schedule"]

S = TypeVar("S", bound="type[Schedule]")


def schedule(name: str) -> Callable[[S], S]:
    """Register a schedule under the name that specs use."""
    return register("schedule", name)


class Emit(registry.Emit, Protocol):
    """What a schedule or a rate may ask of the file that it is written into."""

    @property
    def rate(self) -> str | None:
        """Where the state of training has the rate; None where the spec's is the rate."""
        ...


class Schedule(Definition):
    """A learning rate that depends on how many updates were made; the first is number 0."""

    kind: ClassVar[str] = "schedule"

    def emit(self, emit: Emit) -> str:
        """The Python expression of a function from i32[] to f32[]."""
        raise NotImplementedError

    def end(self) -> int | None:
        """After how many updates it has done what it is for; None where it never has."""
        return None


def emit_rate(rate: float | Schedule, emit: Emit) -> str:
    """The Python expression of a learning rate, which Optax takes either way."""
    if emit.rate is not None:
        return emit.rate
    return rate.emit(emit) if isinstance(rate, Schedule) else repr(rate)


def emit_schedule(rate: float | Schedule, emit: Emit) -> str:
    """The Python expression of a learning rate as a function of the update's number."""
    if emit.rate is not None:
        return f"optax.constant_schedule({emit.rate})"
    return rate.emit(emit) if isinstance(rate, Schedule) else f"optax.constant_schedule({rate!r})"


def positive(**values: float) -> str | None:
    """What is wrong with numbers that must be above 0, or None."""
    for name, value in values.items():
        if not value > 0:
            return f"{name} must be above 0, not {value}"
    return None
