"""A run: a program with weights, trained or not, in memory."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from kspec.data.arrays import ArrayTable
from kspec.data.dataset import Dataset, from_tables, load
from kspec.data.declaration import DataDeclaration
from kspec.data.fields import FieldType
from kspec.data.paths import resolve
from kspec.data.ragged import as_column
from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import FieldMissing, NoTrainBlock, RunFolderBroken
from kspec.runtime import externs, hosted, loop
from kspec.runtime.beginning import first_state
from kspec.runtime.bundle import Bundle
from kspec.runtime.executable import Executable, Tree, load_python, updates_of
from kspec.runtime.feed import Feed
from kspec.runtime.given import Columns, check_splits, given_dataset
from kspec.runtime.hooks import Hooks, Record, hooks_of
from kspec.runtime.loop import Metrics, Position
from kspec.runtime.outputs import outputs_of
from kspec.runtime.placement import Placement
from kspec.runtime.progress import Progress
from kspec.runtime.ready import Keeper
from kspec.runtime.trainer import Trainer
from kspec.runtime.watch import Kept, Watch
from kspec.runtime.weights import Weights, flatten, load_into, read_tables

Arrays = Mapping[str, NDArray[Any]]


class Run:
    """A program with weights.

    Attributes:
        bundle: The program.
        history: A record an epoch: `epoch`, `seconds`, and metrics by split.
        position: Where training stands.
        interrupted: Whether the last `fit` was stopped before its end.
        ended: What stopped it, if that was not the user: `budget` or `callback`.
        watch: What the spec's callbacks make of the history.
        kept: The best weights, by what they are kept for.
        replaced: Whether the weights are other than those that the last epoch ended with: of
            an earlier one, or averages.
        class_names: The classes' names by field, where the data has them.
        places: Where the state has the weights, by path.
        tables: What layers have learned that are vocabularies, by path.
        id: Of this run, by which its checkpoints are known.
        checkpoint: The name of the checkpoint that it stands at, if it was loaded from one.
    """

    def __init__(self, bundle: Bundle, seed: int | None = None) -> None:
        self.bundle = bundle
        own = externs.load(bundle)
        loaded = load_python(bundle.python, f"{bundle.plan.name}.py", own)
        keeper = Keeper(loaded, bundle.python, imports=bool(own))
        self.executable: Executable = keeper.functions()
        self.seed = bundle.plan.seed if seed is None else seed
        # Put on the device by name, as all later states are: else the first step's program
        # would be compiled a second time.
        state, self.places = first_state(keeper, self.seed, bundle.plan.draws)
        self.placement = Placement(bundle.plan.devices)
        self.state: Tree = self.placement.whole(state)
        self.history: list[Record] = []
        self.position = Position()
        self.interrupted = False
        self.ended = ""
        self.watch = Watch(bundle.plan)
        self.kept: dict[str, Kept] = {}
        self.replaced = False
        self.class_names: dict[str, tuple[str, ...]] = {}
        self.tables: hosted.Tables = {}
        self.id = uuid.uuid4().hex
        self.checkpoint: str | None = None
        self._loaded: set[str] = set()  # the weights that are from files

    @property
    def steps_go_alone(self) -> bool:
        """Whether each step of this phase is a dispatch of its own on this device."""
        return loop.steps_go_alone(self.bundle.plan.phases[self.position.phase].convolves)

    @property
    def weights(self) -> Weights:
        """The weights by path, in the order of the spec; assigning to one sets it."""
        return Weights(self.state, self.places)

    def require_devices(self) -> None:
        """Raises SpecError where the machine has fewer devices than share each batch."""
        self.placement.require(self.bundle.places.sources.get("devices"))

    # --- data

    def dataset(self, data: Mapping[str, Columns] | None = None) -> Dataset:
        """The spec's data, or arrays by split and field in its place. Raises SpecError."""
        declaration = self.bundle.plan.data
        if declaration is None:
            raise SpecError((NoTrainBlock(span=None, spec=self.bundle.plan.spec),))
        if data is None:
            return load(declaration, self.bundle.folder, self.bundle.places)
        return given_dataset(declaration, data)

    def learn(self, dataset: Dataset) -> None:
        """Let layers learn from the training split, as long as there was no training."""
        if hosted.learns(self.executable) and self.position == Position() and not self.history:
            stats = self._loaded & set(flatten(self.state["stats"]))
            kept = {path: self.weights[path] for path in stats}
            train = dataset.splits["train"]
            hosted.learn(self.executable, self.bundle, self.state, kept, self.tables, train)

    def feed(self, dataset: Dataset) -> Feed:
        """The data as steps take it. Raises SpecError for what the host cannot prepare."""
        plan = self.bundle.plan
        places = self.bundle.places.sources
        splits = dataset.splits
        if hosted.prepares(self.executable):
            splits = hosted.prepare_splits(self.prepared, splits, plan.below, places)
        return Feed(splits, buckets=plan.buckets, placement=self.placement)

    def prepared(self, arrays: Arrays) -> Arrays:
        """The arrays that the device takes in place of text. Raises SpecError."""
        return hosted.prepare(self.executable, self.state, self.tables, arrays)

    # --- training

    def fit(
        self,
        data: Mapping[str, Columns] | None = None,
        *,
        epochs: int | None = None,
        quiet: bool = False,
        callbacks: Sequence[Any] = (),
    ) -> Run:
        """Train on, from the present weights.

        Args:
            data: Arrays by split and field in place of the spec's data; `train` is needed.
            epochs: How many more epochs; the spec's number by default.
            quiet: Whether to show nothing.
            callbacks: Functions of (record, run), called after each epoch, or objects with such
                a function as `on_epoch_end`, or with `on_dispatch_end`, a function of the run.
                One that gives True ends training.

        Raises:
            SpecError: The data does not fit, or the loss is no number any more.
            KeyboardInterrupt: The user stopped it; the run stands at the last dispatch.
        """
        import sys

        from kspec.runtime.progress import choose

        if data is not None:
            check_splits(data)
        dataset = self.dataset(data)
        if self.is_over:
            self.position = replace(self.position, since=self.position.epoch)
        until = None if epochs is None else self.position.epoch + epochs
        self.train(dataset, choose(quiet, sys.stderr), hooks_of(callbacks, self), until)
        if self.interrupted and not self.ended:
            raise KeyboardInterrupt
        return self

    @property
    def is_over(self) -> bool:
        """Whether the last phase has had its epochs, or was stopped early."""
        at, phases = self.position, self.bundle.plan.phases
        if at.phase + 1 < len(phases) or at.step:
            return False
        done = at.epoch - at.since >= phases[at.phase].epochs
        return done or self.watch.decide(self.history, at)[0]

    def train(
        self, dataset: Dataset, progress: Progress, hooks: Hooks, until: int | None = None
    ) -> None:
        """Train on; see `Trainer`."""
        self.class_names = dict(dataset.splits["train"].class_names)
        Trainer(self, dataset, progress, hooks, until).train()

    def enter_phase(self, number: int) -> None:
        """Begin a phase with the weights of the one before."""
        self.state = self._entered(self.state, number)
        self.position = Position(epoch=self.position.epoch, phase=number, since=self.position.epoch)

    def finalize(self) -> bool:
        """End training, or a phase: averages of the weights take their places, if there are any.

        Doing so twice changes nothing.
        """
        phase = self.bundle.plan.phases[self.position.phase]
        updates = updates_of(self.executable, phase.name)
        if not hasattr(updates, "finalize"):
            return False
        self.state = self.placement.whole(updates.finalize(self.state))
        self.replaced = True
        return True

    def _entered(self, state: Tree, number: int) -> Tree:
        phase = self.bundle.plan.phases[number]
        return self.placement.whole(updates_of(self.executable, phase.name).enter(state))

    def state_like(self, phase: int) -> Tree:
        """A state as it is in a phase, for types and shapes."""
        state = self.state
        for number in range(self.position.phase + 1, phase + 1):
            state = self._entered(state, number)
        return state

    def restore(self, name: str) -> None:
        """Go back to weights that were kept, with the statistics; all else stays.

        Raises:
            SpecError: They are not there any more.
        """
        if name not in self.kept:
            broken = RunFolderBroken(
                span=None, path=f"{name}.safetensors", reason="it is missing or damaged"
            )
            raise SpecError((broken,))
        self.weights.update(self.kept[name].weights)
        self.replaced = True

    def load_files(self) -> None:
        """Set the weights that the spec loads from files. Raises SpecError."""
        for part, path in self.bundle.plan.loads:
            try:
                file = resolve(self.bundle.folder, path)
                self._loaded |= load_into(self.weights, part, file, self.bundle.plan.layers)
                self.tables |= read_tables(file, part, self.bundle.plan.tables)
            except SpecError as error:
                span = self.bundle.places.sources.get(f"load {path}")
                found = (d.replace(span=span) for d in error.diagnostics)
                raise SpecError(
                    tuple(d.replace(path=path) if hasattr(d, "path") else d for d in found)
                ) from None

    # --- using

    def evaluate_split(self, feed: Feed, split: str) -> Metrics:
        """The loss and the metrics of one split."""
        alone = loop.steps_go_alone(self.bundle.plan.convolves)
        batch = self.bundle.plan.batch
        return loop.evaluate(self.executable, self.state, feed, split, batch, alone=alone)

    def evaluate_splits(self, dataset: Dataset) -> dict[str, Metrics]:
        """The loss and the metrics of every split."""
        feed = self.feed(dataset)
        return {split: self.evaluate_split(feed, split) for split in dataset.splits}

    def evaluate(self, data: Columns | None = None) -> dict[str, Any]:
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

    def predict(self, inputs: Columns) -> dict[str, NDArray[Any]]:
        """The outputs for examples, by name.

        Args:
            inputs: One array an input, examples along the first axis; a list of arrays where
                examples differ in length.

        Raises:
            SpecError: An input is missing, or of another type or shape.
        """
        types = self.bundle.plan.inputs
        declared = self.bundle.plan.data.fields if self.bundle.plan.data else ()
        below = {field.name: field.below for field in declared}
        fields = tuple(
            FieldType(name, type.dtype, type.shape[1:], below=below.get(name))
            for name, type in types.items()
        )
        for name in types:
            if name not in inputs:
                raise SpecError((FieldMissing.of(None, name, "the input", inputs),))
        table = ArrayTable({name: as_column(inputs[name]) for name in types}, "the input")
        checked = from_tables(DataDeclaration(fields, None, {}), {"input": table})
        return outputs_of(self, checked.splits["input"])

    def save(self, folder: str | Path) -> Path:
        """Write the run to a folder that `kspec.load` and the command line read."""
        from kspec.runtime.folder import save_run

        return save_run(self, Path(folder))
