"""A run: a program with weights, trained or not, in memory."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kspec.data.arrays import ArrayTable
from kspec.data.batches import BatchPlan
from kspec.data.dataset import SPLITS, DataDeclaration, Dataset, Places, from_tables, load
from kspec.data.schema import FieldType
from kspec.diagnostics import Source, SpecError
from kspec.diagnostics.errors import Diverged, FieldMissing, NoTrainBlock, UnknownName
from kspec.plan import Plan
from kspec.runtime import compat, loop
from kspec.runtime.executable import Executable, Tree, load_python
from kspec.runtime.feed import Feed
from kspec.runtime.loop import Metrics, Position, Stopwatch
from kspec.runtime.progress import Progress
from kspec.runtime.weights import Weights, weight_paths

Arrays = Mapping[str, NDArray[Any]]
Record = dict[str, Any]  # one epoch: number, seconds, metrics by split


@dataclass(frozen=True, slots=True)
class Bundle:
    """A compiled program: the text that runs, and its plan.

    Attributes:
        python: The generated file.
        plan: Interface and training.
        folder: Where the paths of its data start.
        files: What else was compiled, by file name: the spec, the IR.
    """

    python: str
    plan: Plan
    folder: Path
    files: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def places(self) -> Places:
        """Where the spec declares its data, for messages."""
        name = (self.folder / self.plan.spec).as_posix()
        return self.plan.places(Source(name, self.files.get("spec.kspec", "")))


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a run folder does while a run trains."""

    after_dispatch: Callable[[Tree, Position], None] | None = None
    after_epoch: Callable[[Record, Tree, Position], None] | None = None


class Run:
    """A program with weights.

    Attributes:
        bundle: The program.
        history: A record an epoch: `epoch`, `seconds`, and metrics by split.
        position: Where training stands.
        interrupted: Whether the last `fit` was stopped by the user.
        class_names: The classes' names by field, where the data has them.
    """

    def __init__(self, bundle: Bundle, seed: int | None = None) -> None:
        self.bundle = bundle
        self.executable: Executable = load_python(bundle.python, f"{bundle.plan.name}.py")
        self.seed = bundle.plan.seed if seed is None else seed
        # Put on the device by name, as all later states are: else the first step's program
        # would be compiled a second time.
        state = self.executable.init(compat.key(self.seed))
        self._paths = weight_paths(state)  # in the order of the spec, which JAX does not keep
        self.state: Tree = compat.to_device(state)
        self.history: list[Record] = []
        self.position = Position()
        self.interrupted = False
        self.class_names: dict[str, tuple[str, ...]] = {}

    @property
    def steps_go_alone(self) -> bool:
        """Whether each step is a dispatch of its own on this device."""
        return loop.steps_go_alone(self.bundle.plan.convolves)

    @property
    def weights(self) -> Weights:
        """The weights by path, in the order of the spec; assigning to one sets it."""
        return Weights(self.state, self._paths)

    # --- data

    def dataset(self, data: Mapping[str, Arrays] | None = None) -> Dataset:
        """The spec's data, or arrays by split and field in its place. Raises SpecError."""
        declaration = self.bundle.plan.data
        if declaration is None:
            raise SpecError((NoTrainBlock(span=None, spec=self.bundle.plan.spec),))
        if data is None:
            return load(declaration, self.bundle.folder, self.bundle.places)
        tables = {
            split: ArrayTable(
                {name: np.asarray(a) for name, a in arrays.items()}, f"the data of `{split}`"
            )
            for split, arrays in data.items()
        }
        return from_tables(declaration, tables)

    # --- training

    def fit(
        self,
        data: Mapping[str, Arrays] | None = None,
        *,
        epochs: int | None = None,
        quiet: bool = False,
    ) -> Run:
        """Train on, from the present weights.

        Args:
            data: Arrays by split and field in place of the spec's data; `train` is needed.
            epochs: How many more epochs; the spec's number by default.
            quiet: Whether to show nothing.

        Raises:
            SpecError: The data does not fit, or the loss is no number any more.
            KeyboardInterrupt: The user stopped it; the run stands at the last dispatch.
        """
        import sys

        from kspec.runtime.progress import choose

        if data is not None:
            _check_splits(data)
        dataset = self.dataset(data)
        more = self.bundle.plan.epochs if epochs is None else epochs
        self.train(dataset, self.position.epoch + more, choose(quiet, sys.stderr), Hooks())
        if self.interrupted:
            raise KeyboardInterrupt
        return self

    def train(self, dataset: Dataset, until: int, progress: Progress, hooks: Hooks) -> None:
        """Train up to an epoch, counted from the start of the run."""
        feed = Feed(dataset.splits)
        self.class_names = dict(dataset.splits["train"].class_names)
        settings = self.bundle.plan
        plan = BatchPlan(feed.rows["train"], settings.batch, self.seed, settings.shuffle)
        progress.begin(until, plan.steps)
        self.interrupted = False
        try:
            with _interrupts() as stop:
                while self.position.epoch < until and not self.interrupted:
                    self._epoch(feed, plan, progress, hooks, stop)
        finally:
            progress.end()

    def _epoch(
        self,
        feed: Feed,
        plan: BatchPlan,
        progress: Progress,
        hooks: Hooks,
        stop: threading.Event,
    ) -> None:
        watch = Stopwatch()
        number = self.position.epoch + 1

        def after(state: Tree, position: Position, loss: float) -> bool:
            self.state = state
            progress.step(number, position.step, loss)
            if not np.isfinite(loss):
                raise SpecError((_diverged(loss, position.step, number),))
            if hooks.after_dispatch:
                hooks.after_dispatch(state, position)
            return stop.is_set()

        most = loop.steps_per_dispatch(plan.steps, alone=self.steps_go_alone)
        self.state = loop.train_epoch(
            self.executable, self.state, feed, plan, self.position, most, after
        )
        if self.position.step < plan.steps:
            self.interrupted = True
            return
        record: Record = {"epoch": number, "steps": int(self.state["step"])}
        record["train"] = loop.metrics_of(self.executable, self.position.sums)
        if "validation" in feed.rows:
            record["validation"] = self._evaluate(feed, "validation")
        record["seconds"] = round(watch.seconds(), 6)
        self.position = Position(epoch=number)
        self.history.append(record)
        progress.epoch(number, flat_metrics(record), record["seconds"])
        if hooks.after_epoch:
            hooks.after_epoch(record, self.state, self.position)
        self.interrupted = stop.is_set()

    # --- using

    def _evaluate(self, feed: Feed, split: str) -> Metrics:
        batch = self.bundle.plan.batch
        return loop.evaluate(
            self.executable, self.state, feed, split, batch, alone=self.steps_go_alone
        )

    def evaluate_splits(self, dataset: Dataset) -> dict[str, Metrics]:
        """The loss and the metrics of every split."""
        feed = Feed(dataset.splits)
        return {split: self._evaluate(feed, split) for split in dataset.splits}

    def evaluate(self, data: Arrays | None = None) -> dict[str, Any]:
        """The loss and the metrics.

        Args:
            data: Arrays by field; every split of the spec's data by default.

        Returns:
            Metrics by name; for the spec's data, by split and name.

        Raises:
            SpecError: The data does not fit.
        """
        if data is None:
            return self.evaluate_splits(self.dataset())
        return self.evaluate_splits(self.dataset({"data": data}))["data"]

    def predict(self, inputs: Arrays) -> dict[str, NDArray[Any]]:
        """The outputs for examples, by name.

        Args:
            inputs: One array an input, examples along the first axis.

        Raises:
            SpecError: An input is missing, or of another type or shape.
        """
        types = self.bundle.plan.inputs
        fields = tuple(FieldType(name, type.dtype, type.shape[1:]) for name, type in types.items())
        for name in types:
            if name not in inputs:
                raise SpecError((FieldMissing.of(None, name, "the input", inputs),))
        table = ArrayTable({name: np.asarray(inputs[name]) for name in types}, "the input")
        checked = from_tables(DataDeclaration(fields, None, {}), {"input": table})
        arrays = checked.splits["input"].arrays
        return loop.predict(self.executable, self.state, arrays, self.bundle.plan.batch)

    def save(self, folder: str | Path) -> Path:
        """Write the run to a folder that `kspec.load` and the command line read."""
        from kspec.runtime.folder import save_run

        return save_run(self, Path(folder))


def _check_splits(data: Mapping[str, Arrays]) -> None:
    """Arrays to train on have the names of splits, and `train` is one of them."""
    unknown = [name for name in data if name not in SPLITS]
    if unknown:
        raise SpecError((UnknownName.of(None, "split", unknown[0], SPLITS),))
    if "train" not in data:
        raise SpecError((FieldMissing.of(None, "train", "the data that was given", data),))


def flat_metrics(record: Record) -> Metrics:
    """`{"loss": ..., "validation.loss": ...}` from an epoch's record."""
    flat = dict(record["train"])
    for name, value in record.get("validation", {}).items():
        flat[f"validation.{name}"] = value
    return flat


def _diverged(loss: float, step: int, epoch: int) -> Diverged:
    return Diverged(span=None, loss=str(loss), step=step, epoch=epoch)


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
