"""Try a training out: one batch of everything, or a few examples until they are learned.

Neither leaves anything behind. Both run the very program that `kspec run` would.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from kspec.data.dataset import Dataset, Split
from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import RunFolderBroken
from kspec.plan import Plan
from kspec.runtime import compat, hosted
from kspec.runtime.bundle import Bundle
from kspec.runtime.checkpoint import Checkpoints
from kspec.runtime.executable import Tree
from kspec.runtime.hooks import Hooks, Record
from kspec.runtime.loop import Position, Stopwatch
from kspec.runtime.outputs import outputs_of
from kspec.runtime.progress import QuietProgress, number, show_metrics
from kspec.runtime.run import Run
from kspec.runtime.snapshot import Owner

MORE_EPOCHS: Final = 10  # times those of the spec that a few examples get
NEAR_ZERO: Final = 0.01  # of the loss before the first update
SHOWN: Final = (1, 2, 5)  # and ten times that, and so on: the epochs that are told
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was tried, what came of it, and how long it took."""

    what: str
    detail: str
    seconds: float

    def as_line(self) -> str:
        """`train step   32 examples: loss 2.3026   1.9 s`."""
        return f"{self.what:<12}  {self.detail}  ({self.seconds:.2f} s)"


@dataclass(frozen=True, slots=True)
class Overfit:
    """Whether examples were learned.

    Attributes:
        examples: How many there were.
        first: Their loss before the first update.
        goal: The loss that counts as near zero.
        loss: The loss at the end.
        epochs: Epochs that were trained.
        most: Epochs that there could have been.
        seconds: What they took.
    """

    examples: int
    first: float
    goal: float
    loss: float
    epochs: int
    most: int
    seconds: float

    @property
    def learned(self) -> bool:
        """Whether it got there; a loss that is no number did not."""
        return abs(self.loss) <= self.goal

    def as_record(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {"learned": self.learned, **asdict(self)}

    def as_text(self) -> str:
        """A sentence, and what to look at where it did not get there."""
        loss, goal = number(self.loss), number(self.goal)
        if self.learned:
            return (
                f"learned: the loss of {self.examples} examples went from {number(self.first)} "
                f"to {loss} in {self.epochs} epochs ({self.seconds:.1f} s)"
            )
        return (
            f"not learned: after {self.epochs} epochs the loss of {self.examples} examples is "
            f"{loss}; it began at {number(self.first)}, and near zero is {goal}\n"
            "look at the learning rate, at the model's size, at what stands between input and "
            "label, and at labels that contradict each other; regularizers keep a loss from zero"
        )


def smoke(run: Run, dataset: Dataset, folder: Path, say: Say) -> list[Step]:
    """One update and one validation batch a phase, one prediction, and a checkpoint and back.

    Args:
        run: A new run.
        dataset: Its data, whole.
        folder: Where the checkpoint may be.
        say: Is told each step as it is done.

    Raises:
        SpecError: Something does not work.
    """
    steps: list[Step] = []

    def done(what: str, detail: str, seconds: float) -> None:
        steps.append(Step(what, detail, seconds))
        say(steps[-1].as_line())

    if hosted.learns(run.executable):
        watch = Stopwatch()
        run.learn(dataset)
        done("learning", "what layers learn from the training split", watch.seconds())
    small = _cut(run, dataset)
    _train(run, small, done)
    for name in [n for n in small.splits if n not in ("train", "validation")]:
        watch = Stopwatch()
        metrics = run.evaluate_splits(Dataset({name: small.splits[name]}))[name]
        detail = f"{len(small.splits[name])} examples: {show_metrics(metrics)}"
        done(name, detail, watch.seconds())
    watch = Stopwatch()
    split = next((n for n in ("validation", "test") if n in small.splits), "train")
    outputs = outputs_of(run, small.splits[split])
    shown = ", ".join(f"{name} {y.dtype}{list(y.shape)}" for name, y in outputs.items())
    done("prediction", shown, watch.seconds())
    watch = Stopwatch()
    _there_and_back(run, folder)
    done("checkpoint", "written and read back, the same bit for bit", watch.seconds())
    return steps


def one_epoch(bundle: Bundle) -> Bundle:
    """The program with one epoch a phase."""
    phases = tuple(replace(phase, epochs=1) for phase in bundle.plan.phases)
    return replace(bundle, plan=replace(bundle.plan, phases=phases))


def _cut(run: Run, dataset: Dataset) -> Dataset:
    """The first update's examples, and the first batch of the other splits."""
    plan = run.bundle.plan
    sizes = {name: plan.update if name == "train" else plan.batch for name in dataset.splits}
    return Dataset({name: _first(s, sizes[name]) for name, s in dataset.splits.items()})


def _first(split: Split, count: int) -> Split:
    return Split({name: a[:count] for name, a in split.arrays.items()}, split.class_names)


def _train(run: Run, small: Dataset, done: Callable[[str, str, float], None]) -> None:
    began = time.perf_counter()

    def lap() -> float:
        nonlocal began
        now = time.perf_counter()
        passed, began = now - began, now
        return passed

    def after_dispatch(state: Tree, position: Position, last: bool) -> None:
        compat.to_host(state["step"])
        sums = position.sums["loss"]
        loss = float(sums["total"] / max(sums["count"], 1))
        phase = run.bundle.plan.phases[position.phase].name
        of = f"phase {phase}: " if phase else ""
        count = len(small.splits["train"])
        done("train step", f"{of}{count} examples: loss {number(loss)}", lap())

    def after_epoch(record: Record, state: Tree, position: Position) -> None:
        if "validation" in record:
            count = len(small.splits["validation"])
            done("validation", f"{count} examples: {show_metrics(record['validation'])}", lap())

    hooks = Hooks(after_dispatch=after_dispatch, after_epoch=after_epoch)
    run.train(small, QuietProgress(), hooks)
    if run.interrupted and not run.ended:
        raise KeyboardInterrupt


def _there_and_back(run: Run, folder: Path) -> None:
    """Raises SpecError where a checkpoint cannot be written, or is not read as it was."""
    with Checkpoints(folder, owner=Owner(run.id)) as checkpoints:
        checkpoints.save_now(run.state, run.position)
        found = checkpoints.load(run.state_like)
    if found is None or not compat.same_bits(run.state, found.state):
        reason = "the checkpoint is not read as it was written"
        broken = RunFolderBroken(span=None, path=folder.as_posix(), reason=reason)
        raise SpecError(tuple(checkpoints.passed) or (broken,))


def few_examples(bundle: Bundle) -> Bundle:
    """The program in file order, with more epochs, and without what would end or change it."""
    plan: Plan = bundle.plan
    phases = tuple(
        replace(phase, epochs=phase.epochs * MORE_EPOCHS, callbacks=()) for phase in plan.phases
    )
    return replace(bundle, plan=replace(plan, phases=phases, shuffle=False))


def overfit(run: Run, dataset: Dataset, count: int, say: Say) -> Overfit:
    """Train on the first examples until their loss is near zero, or the epochs are over.

    The loss is that of evaluation: no dropout, no augmentation.

    Args:
        run: A new run of `few_examples`.
        dataset: Its data.
        count: How many examples.
        say: Is told the loss now and then.

    Raises:
        SpecError: The loss is no number any more.
        KeyboardInterrupt: The user stopped it.
    """
    few = _first(dataset.splits["train"], count)
    small = Dataset({"train": few, "validation": few})
    run.learn(small)
    first = _loss(run.evaluate_splits(Dataset({"train": few}))["train"])
    goal = NEAR_ZERO * abs(first)
    watch = Stopwatch()

    def after_epoch(record: Record, state: Tree, position: Position) -> bool:
        loss, epoch = _loss(record["validation"]), record["epoch"]
        if int(str(epoch).rstrip("0")) in SHOWN:
            say(f"epoch {epoch:>4}  loss {number(loss)}")
        return abs(loss) <= goal

    run.train(small, QuietProgress(), Hooks(after_epoch=after_epoch))
    if run.interrupted and not run.ended:
        raise KeyboardInterrupt
    last = _loss(run.history[-1]["validation"])
    most = run.bundle.plan.epochs
    return Overfit(len(few), first, goal, last, run.position.epoch, most, watch.seconds())


def _loss(metrics: Any) -> float:
    return float(metrics["loss"])
