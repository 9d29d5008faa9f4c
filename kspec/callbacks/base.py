"""What a callback is: a decision from the numbers of the epochs so far.

A callback has no state: what it decides is a function of the run's history, so a run that
goes on after a stop decides as one that never stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Literal, Self, TypeAlias, TypeVar, cast

from kspec.diagnostics.record import Node
from kspec.ir import Call
from kspec.registry import Compound, Definition, arg, register

__all__ = ["Callback", "Interval", "Monitor", "arg", "callback"]

Mode: TypeAlias = Literal["min", "max"]
C = TypeVar("C", bound="type[Callback]")


def callback(name: str) -> Callable[[C], C]:
    """Register a callback under the name that specs use."""
    return register("callback", name)


class Monitor(Node, Compound):
    """A number of each epoch that is watched: `min(validation.loss)`.

    Attributes:
        metric: `loss` or a metric's name, of the training split or, after `validation.`, of
            the validation split.
        mode: Which way it is better.
    """

    words: ClassVar[str] = "a metric to watch, such as `min(validation.loss)`"

    metric: str
    mode: Mode

    def __str__(self) -> str:
        return f"{self.mode}({self.metric})"

    def improves(self, value: float, best: float | None, margin: float = 0.0) -> bool:
        """Whether a value is better than the best so far, by more than a margin.

        Nothing is better than a number by not being one.
        """
        if best is None:
            return value == value
        return value < best - margin if self.mode == "min" else value > best + margin

    def best(self, values: Sequence[float]) -> int | None:
        """The index of the first best value, or None."""
        at: int | None = None
        for index, value in enumerate(values):
            if self.improves(value, None if at is None else values[at]):
                at = index
        return at

    def call(self) -> Call:
        """As it stands in the IR."""
        return Call(self.mode, {"metric": self.metric})

    @classmethod
    def from_call(cls, call: Call) -> Self:
        """What stands there."""
        return cls(cast("str", call.args["metric"]), cast("Mode", call.name))


class Interval(Node, Compound):
    """`10min`, `2epochs`, `1_000steps`: how often something is done.

    Attributes:
        count: How many.
        unit: `s`, `epochs` or `steps`.
    """

    words: ClassVar[str] = "a time such as `10min`, or a number of `epochs` or `steps`"

    count: float
    unit: str

    def __str__(self) -> str:
        return f"{self.count:g}{self.unit}"

    def call(self) -> Call:
        """As it stands in the IR."""
        return Call("every", {"count": self.count, "unit": self.unit})

    @classmethod
    def from_call(cls, call: Call) -> Self:
        """What stands there."""
        return cls(cast("float", call.args["count"]), cast("str", call.args["unit"]))


class Callback(Definition):
    """Something that acts after an epoch."""

    kind: ClassVar[str] = "callback"
    in_phases: ClassVar[bool] = True  # whether a phase may have one of its own
    line: ClassVar[str]  # a line of a train block
