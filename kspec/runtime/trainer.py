"""Train a run in memory: phases of epochs, epochs of dispatches."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kspec.data.batches import BatchPlan
from kspec.data.dataset import Dataset
from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import Diverged
from kspec.diagnostics.render import render
from kspec.runtime import loop
from kspec.runtime.executable import Tree, updates_of
from kspec.runtime.loop import Metrics, Position, Stopwatch
from kspec.runtime.oddities import oddities
from kspec.runtime.progress import Progress
from kspec.runtime.watch import STOP, Kept

if TYPE_CHECKING:
    from kspec.runtime.run import Run

Record = dict[str, Any]  # one epoch: number, seconds, metrics by split


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a run folder does while a run trains."""

    after_dispatch: Callable[[Tree, Position], None] | None = None
    after_epoch: Callable[[Record, Tree, Position], None] | None = None
    keep: Callable[[str, Kept], None] | None = None


class Trainer:
    """Trains a run on a data set.

    Args:
        run: The run, which moves on as it is trained.
        dataset: The data.
        progress: What shows it.
        hooks: What else is done.
        until: An epoch to stop at, which the last phase goes on to; without it each phase has
            its own epochs.
    """

    def __init__(
        self, run: Run, dataset: Dataset, progress: Progress, hooks: Hooks, until: int | None
    ) -> None:
        self.run = run
        self.progress = progress
        self.hooks = hooks
        self.until = until
        self.first = run.position.epoch
        self.settings = run.bundle.plan
        run.learn(dataset)
        self.feed = run.feed(dataset)
        rows = self.feed.rows["train"]
        self.plan = BatchPlan(rows, self.settings.batch, run.seed, self.settings.shuffle)

    def train(self) -> None:
        """Train to the end, or until the user stops it."""
        run = self.run
        if self.until is None and run.position == Position():
            for odd in oddities(self.settings, run.bundle.places, self.plan.steps):
                self.progress.say(render(odd))
        self.progress.begin(self.until or self.settings.epochs, self.plan.steps)
        run.interrupted = False
        try:
            with _interrupts() as stop:
                while not run.interrupted and self._goes_on():
                    self._epoch(stop)
        finally:
            self.progress.end()

    def _goes_on(self) -> bool:
        """Whether there is an epoch to train; moves to the next phase where one is over."""
        run = self.run
        if run.position.step:
            return True  # in the middle of an epoch
        while not (self.until is not None and run.position.epoch >= self.until):
            at = run.position
            last = at.phase + 1 == len(self.settings.phases)
            stops, best = run.watch.decide(run.history, at)
            done = at.epoch - at.since >= self.settings.phases[at.phase].epochs
            if not stops and (not done or (last and self.until is not None)):
                return True
            self._end_phase(stops and not done, best)
            if last:
                return False
            run.enter_phase(at.phase + 1)
        if run.position.epoch > self.first:
            run.finalize()
        return False

    def _end_phase(self, early: bool, best: int | None) -> None:
        """Say why it ends early, and go back to its best weights if that is asked for.

        Averages take the weights' places first, so that the best weights are those of their
        epoch, as in Keras.
        """
        run, at = self.run, self.run.position
        averaged = run.finalize()
        phase, stop = self.settings.phases[at.phase], run.watch.stop(at.phase)
        if early and stop is not None:
            what = f"phase {phase.name} stops" if phase.name else "stops"
            self.progress.say(
                f"{what} after epoch {at.epoch}: {stop.monitor} is no better than in epoch {best}"
            )
        last = None if averaged else at.epoch  # whose weights it has
        if stop is not None and stop.restore_best_weights and best not in (None, last):
            run.restore(STOP)
            self.progress.say(f"the weights are those of epoch {best}")

    def _epoch(self, stop: threading.Event) -> None:
        watch = Stopwatch()
        run, at = self.run, self.run.position
        number = at.epoch + 1

        def after(state: Tree, position: Position, loss: float) -> bool:
            run.state = state
            self.progress.step(number, position.step, loss)
            if not np.isfinite(loss):
                place = run.bundle.places.sources.get("optimizer")
                mistake = Diverged(span=place, loss=str(loss), step=position.step, epoch=number)
                raise SpecError((mistake,))
            if self.hooks.after_dispatch:
                self.hooks.after_dispatch(state, position)
            return stop.is_set()

        phase = self.settings.phases[at.phase]
        updates = updates_of(run.executable, phase.name)
        most = loop.steps_per_dispatch(self.plan.steps, alone=run.steps_go_alone)
        run.state = loop.train_epoch(updates, run.state, self.feed, self.plan, at, most, after)
        if at.step < self.plan.steps:
            run.interrupted = True
            return
        record: Record = {"epoch": number, "steps": int(run.state["step"])}
        if phase.name:
            record["phase"] = phase.name
        record["train"] = loop.metrics_of(run.executable, at.sums)
        if "validation" in self.feed.rows:
            record["validation"] = run.evaluate_split(self.feed, "validation")
        record["seconds"] = round(watch.seconds(), 6)
        run.position = Position(epoch=number, phase=at.phase, since=at.since)
        run.history.append(record)
        self.progress.epoch(number, flat_metrics(record), record["seconds"])
        self._keep(number)
        if self.hooks.after_epoch:
            self.hooks.after_epoch(record, run.state, run.position)
        run.interrupted = stop.is_set()

    def _keep(self, epoch: int) -> None:
        """Keep the weights of this epoch if they are the best."""
        run = self.run
        for name, best in run.watch.best(run.history, run.position).items():
            if best == epoch:
                run.kept[name] = Kept(epoch, {path: w.copy() for path, w in run.weights.items()})
                if self.hooks.keep:
                    self.hooks.keep(name, run.kept[name])


def flat_metrics(record: Record) -> Metrics:
    """`{"loss": ..., "validation.loss": ...}` from an epoch's record."""
    flat = dict(record["train"])
    for name, value in record.get("validation", {}).items():
        flat[f"validation.{name}"] = value
    return flat


@contextmanager
def _interrupts() -> Generator[threading.Event]:
    """Turn the first ctrl-C into a request to stop after this dispatch."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(number: int, frame: object) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)  # a second one stops at once

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
