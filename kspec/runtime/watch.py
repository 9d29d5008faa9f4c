"""What a run's callbacks make of its history: when to stop, and which weights are best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from numpy.typing import NDArray

from kspec.callbacks.base import Callback, Monitor
from kspec.callbacks.budget import Budget
from kspec.callbacks.checkpoint import Checkpoint
from kspec.callbacks.csv_log import CSVLog
from kspec.callbacks.reduce_lr import ReduceLR
from kspec.callbacks.stop import Stop
from kspec.callbacks.swap_ema import SwapEMA
from kspec.callbacks.tensorboard import TensorBoard
from kspec.callbacks.terminate_on_nan import TerminateOnNaN
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
        budget: What may be taken before it ends, to be resumed.
        csv_log: The table that it writes.
        tensorboard: The event files that it writes.
    """

    def __init__(self, plan: Plan) -> None:
        self._phases = [
            [make("callback", call) for call in phase.callbacks] for phase in plan.phases
        ]
        self.checkpoint = self._first(Checkpoint) or Checkpoint()
        self.budget = self._first(Budget)
        self.csv_log = self._first(CSVLog)
        self.tensorboard = self._first(TensorBoard)

    def _first(self, kind: type[C]) -> C | None:
        """What only a train block has, for all phases."""
        return self._find(kind, 0) if self._phases else None

    def _find(self, kind: type[C], phase: int) -> C | None:
        return next((each for each in self._phases[phase] if isinstance(each, kind)), None)

    def stop(self, phase: int) -> Stop | None:
        """What may stop a phase early."""
        return self._find(Stop, phase)

    def swap(self, phase: int) -> SwapEMA | None:
        """Whether a phase is validated with the averages of its weights."""
        return self._find(SwapEMA, phase)

    def on_nan(self, phase: int) -> TerminateOnNaN | None:
        """What looks after the numbers of a phase."""
        return self._find(TerminateOnNaN, phase)

    def decide(self, history: Sequence[Record], position: Position) -> tuple[bool, int | None]:
        """Whether the phase is to stop now, and the number of its best epoch so far."""
        stop = self.stop(position.phase)
        if stop is None:
            return False, None
        own = [record for record in history if record["epoch"] > position.since]
        stops, at = stop.decide(self._values(own, stop.monitor))
        return stops, None if at is None else own[at]["epoch"]

    def lowered(self, history: Sequence[Record], position: Position) -> dict[str, float] | None:
        """The learning rates of the next epoch, where the last one was reason to lower them."""
        reduce = self._find(ReduceLR, position.phase)
        own = [record for record in history if record["epoch"] > position.since]
        if reduce is None or not own:
            return None
        rates = [record["learning_rate"].values() for record in own]
        if not reduce.decide(self._values(own, reduce.monitor), [list(each) for each in rates]):
            return None
        last = own[-1]["learning_rate"]
        return dict(zip(last, reduce.lowered(list(last.values())), strict=True))

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
