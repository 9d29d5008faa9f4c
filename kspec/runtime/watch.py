"""What a run's callbacks make of its history: when to stop, and which weights are best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from numpy.typing import NDArray

from kspec.callbacks.base import Callback, Monitor
from kspec.callbacks.checkpoint import Checkpoint
from kspec.callbacks.stop import Stop
from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import NoValidationSplit
from kspec.plan import Plan
from kspec.registry import make
from kspec.runtime.loop import Position

Record = Mapping[str, Any]  # one epoch: number, seconds, metrics by split
C = TypeVar("C", bound=Callback)
BEST: Final = "best"  # the weights that `checkpoint { best = ... }` keeps
STOP: Final = "stop"  # those that `stop { restore_best_weights = true }` goes back to


@dataclass(frozen=True, slots=True)
class Kept:
    """Weights as they were after an epoch."""

    epoch: int
    weights: Mapping[str, NDArray[Any]]


class Watch:
    """The callbacks of a plan.

    Attributes:
        checkpoint: How the run is saved.
    """

    def __init__(self, plan: Plan) -> None:
        self._phases = [
            [make("callback", call) for call in phase.callbacks] for phase in plan.phases
        ]
        self.checkpoint = (self._find(Checkpoint, 0) if self._phases else None) or Checkpoint()

    def _find(self, kind: type[C], phase: int) -> C | None:
        return next((each for each in self._phases[phase] if isinstance(each, kind)), None)

    def stop(self, phase: int) -> Stop | None:
        """What may stop a phase early."""
        return self._find(Stop, phase)

    def decide(self, history: Sequence[Record], position: Position) -> tuple[bool, int | None]:
        """Whether the phase is to stop now, and the number of its best epoch so far."""
        stop = self.stop(position.phase)
        if stop is None:
            return False, None
        own = [record for record in history if record["epoch"] > position.since]
        stops, at = stop.decide(self._values(own, stop.monitor))
        return stops, None if at is None else own[at]["epoch"]

    def best(self, history: Sequence[Record], position: Position) -> dict[str, int]:
        """The numbers of the epochs whose weights are to be kept, by what they are kept for."""
        found: dict[str, int] = {}
        monitor = self.checkpoint.best
        if monitor is not None:
            at = monitor.best(self._values(history, monitor))
            if at is not None:
                found[BEST] = history[at]["epoch"]
        stop = self.stop(position.phase)
        if stop is not None and stop.restore_best_weights:
            _, epoch = self.decide(history, position)
            if epoch is not None:
                found[STOP] = epoch
        return found

    def _values(self, history: Sequence[Record], monitor: Monitor) -> list[float]:
        split, _, name = monitor.metric.rpartition(".")
        try:
            return [record[split or "train"][name] for record in history]
        except KeyError:
            missing = NoValidationSplit(span=None, metric=monitor.metric, data="the data")
            raise SpecError((missing,)) from None
