"""Train a run in memory: phases of epochs, epochs of dispatches."""

from __future__ import annotations

import signal
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from kspec.data.batches import BatchPlan, oversampled
from kspec.data.buckets import BucketPlan
from kspec.data.dataset import Dataset
from kspec.data.example_weights import class_numbers
from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import Diverged
from kspec.diagnostics.render import render
from kspec.runtime import externs, loop, vitals
from kspec.runtime.allocator import keep_memory
from kspec.runtime.averages import swapped
from kspec.runtime.executable import Tree, Updates, updates_of
from kspec.runtime.feed import Feed
from kspec.runtime.guard import Guard
from kspec.runtime.hooks import Hooks, Record
from kspec.runtime.loop import Metrics, Position, Stopwatch
from kspec.runtime.oddities import left_out, oddities
from kspec.runtime.progress import Progress
from kspec.runtime.rates import flat_rates, lower_rates, rates_of
from kspec.runtime.signals import Stop, asking
from kspec.runtime.trunk import Trunk
from kspec.runtime.watch import STOP, Kept

if TYPE_CHECKING:
    from kspec.runtime.run import Run

CALLBACK: Final = "callback"  # what has ended a run


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
        self.first, self.start = run.position.epoch, int(run.state["step"])
        self.clock = Stopwatch()
        self.settings = run.bundle.plan
        run.require_devices()
        run.learn(dataset)
        self.feed = run.feed(dataset)
        self.bad = dataset.bad
        self._trunk: tuple[int, Trunk] | None = None  # of the phase of that number
        self.guard: Guard | None = None
        self.plan = self._batches(dataset)
        externs.rehearse(run, self.feed, self.plan)

    def _batches(self, dataset: Dataset) -> loop.Batches:
        """Which rows each step gets."""
        order = (self.settings.update, self.run.seed, self.settings.shuffle)
        if self.feed.buckets.sizes:
            return BucketPlan(self.feed.numbers["train"], *order)
        data = self.settings.data
        if data is None or not data.oversample:
            return BatchPlan(self.feed.rows["train"], *order)
        classes = class_numbers(dataset.splits["train"].arrays[data.oversample])
        return BatchPlan(self.feed.rows["train"], *order, oversampled(classes, self.run.seed))

    def train(self) -> None:
        """Train to the end, or until the user stops it."""
        run = self.run
        keep_memory()
        if self.until is None and run.position == Position():
            odd_rows = left_out(self.bad, run.bundle.places)
            for odd in (*odd_rows, *oddities(self.settings, run.bundle.places, self.plan.steps)):
                self.progress.say(render(odd))
        self.progress.begin(self.until or self.settings.epochs, self.plan.steps)
        run.interrupted, run.ended = False, ""
        try:
            with self._stops() as stop:
                while not run.interrupted and self._goes_on():
                    self._epoch(stop)
        finally:
            self.progress.end()
        self._end()

    def _end(self) -> None:
        """Where a callback ends training, it is over, as after Keras' `stop_training`."""
        if self.run.ended == CALLBACK:
            self.run.finalize()

    def _stops(self) -> AbstractContextManager[Stop]:
        if self.hooks.stop is not None:
            return nullcontext(self.hooks.stop)
        return asking((signal.SIGINT,), alone=False)

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

    def _epoch(self, stop: Stop) -> None:
        watch = Stopwatch()
        run, at = self.run, self.run.position
        updates = updates_of(run.executable, self.settings.phases[at.phase].name)
        feed = self._feed(updates)
        self._steps(updates, feed, stop)
        if at.step < self.plan.steps:
            run.interrupted = True
            return
        record = self._record(updates, feed)
        record["seconds"] = round(watch.seconds(), 6)
        run.position = Position(epoch=record["epoch"], phase=at.phase, since=at.since)
        run.history.append(record)
        self.progress.epoch(record["epoch"], flat_metrics(record), record["seconds"])
        said = lower_rates(run)
        if said is not None:
            self.progress.say(said)
        with swapped(run, to_keep=True):
            self._keep(record["epoch"])
        after = self.hooks.after_epoch
        if after is not None and after(record, run.state, run.position) is True:
            self._stop(stop, CALLBACK)
        run.interrupted = bool(stop)

    def _steps(self, updates: Updates, feed: Feed, stop: Stop) -> None:
        """The rest of the epoch's steps, or as many as the user lets it make."""
        run, at = self.run, self.run.position
        guard = self._guard()
        most = feed.most_steps(self.settings.update)
        most = loop.steps_per_dispatch(self.plan.steps, most=most, alone=run.steps_go_alone)

        def after(state: Tree, position: Position, loss: float) -> bool:
            run.state = state
            return not self._allows(guard, position, loss, stop) or bool(stop)

        if guard is not None:
            guard.begin(at)
        run.state = loop.train_epoch(updates, run.state, feed, self.plan, at, most, after)
        while guard is not None and guard.alarmed:
            for step in guard.recover(updates, feed, at):
                where = f"step {step} of epoch {at.epoch + 1}"
                self.progress.say(f"{where} is left out: it gives no numbers")
            if not stop:
                run.state = loop.train_epoch(updates, run.state, feed, self.plan, at, most, after)

    def _guard(self) -> Guard | None:
        """What looks after the numbers of this phase."""
        section = self.run.watch.on_nan(self.run.position.phase)
        if section is None:
            self.guard = None
        elif self.guard is None or self.guard.section is not section:
            self.guard = Guard(self.run, section, self.plan)
        return self.guard

    def _allows(self, guard: Guard | None, position: Position, loss: float, stop: Stop) -> bool:
        """Whether the epoch may go on after a dispatch, which is shown and may be saved."""
        state, last = self.run.state, position.step == self.plan.steps
        if guard is not None:
            saves = self.hooks.saves
            must = last or (saves is not None and saves(state, position))
            if not guard.allows(state, position, loss, must=must):
                return False
        number = position.epoch + 1
        self.progress.step(number, position.step, loss, partial(vitals.now, self.run))
        if not np.isfinite(loss):
            place = self.run.bundle.places.sources.get("optimizer")
            mistake = Diverged(span=place, loss=str(loss), step=position.step, epoch=number)
            raise SpecError((mistake,))
        after = self.hooks.after_dispatch
        if after is not None and after(state, position, last) is True:
            self._stop(stop, CALLBACK)
        budget = self.run.watch.budget
        spent = (
            budget.spent(self.clock.seconds(), int(state["step"]) - self.start) if budget else None
        )
        if spent is not None:
            self.progress.say(f"the budget of {spent} is spent in epoch {number}")
            self._stop(stop, "budget")
        return True

    def _stop(self, stop: Stop, why: str) -> None:
        """End training after this dispatch, though the user did not ask for it."""
        self.run.ended = why
        stop.why = why

    def _record(self, updates: Updates, feed: Feed) -> Record:
        """What is kept of an epoch whose steps are done."""
        run, at = self.run, self.run.position
        record: Record = {"epoch": at.epoch + 1, "steps": int(run.state["step"])}
        name = self.settings.phases[at.phase].name
        if name:
            record["phase"] = name
        record["train"] = loop.metrics_of(run.executable, at.sums)
        if "validation" in self.feed.rows:
            with swapped(run):
                record["validation"] = self._evaluate(updates, feed, "validation")
        if at.skipped:
            record["skipped"] = at.skipped
        if "rates" in run.state:
            record["learning_rate"] = rates_of(run.state)
        return record

    def _feed(self, updates: Updates) -> Feed:
        """What the steps of the phase gather from: the data, or what its frozen part made of it."""
        run = self.run
        number = run.position.phase
        fields = self.settings.phases[number].trunk
        if not fields:
            return self.feed
        if self._trunk is None or self._trunk[0] != number:
            self._trunk = None  # before the next one takes its place in memory
            rows = sum(self.feed.rows.values())
            self.progress.say(f"the frozen part runs once, on {rows:,} examples")
            batch = self.settings.batch
            self._trunk = (number, Trunk(updates, run.state, self.feed, fields, batch))
        return self._trunk[1].feed

    def _evaluate(self, updates: Updates, feed: Feed, split: str) -> Metrics:
        """The metrics of a split, on what the frozen part gave where that will do."""
        run = self.run
        if feed is self.feed or not hasattr(updates, "eval_tail_step"):
            return run.evaluate_split(self.feed, split)
        batch, alone = self.settings.batch, run.steps_go_alone
        return loop.evaluate(
            run.executable, run.state, feed, split, batch, alone=alone, tail=updates
        )

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
    flat = {**record["train"], **flat_rates(record)}
    for name, value in record.get("validation", {}).items():
        flat[f"validation.{name}"] = value
    return flat
