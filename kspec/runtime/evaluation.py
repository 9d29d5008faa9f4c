"""A run's report on classes: what its model makes of one split, class by class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from kspec.data.dataset import Dataset, Split
from kspec.plan import Scored
from kspec.runtime import classes
from kspec.runtime.classes import Bin, Curves
from kspec.runtime.outputs import outputs_of
from kspec.runtime.run import Run

SPLITS: Final = ("validation", "test")
AT_ONCE: Final = 5_000_000  # probabilities that a run looks at when it ends: some seconds
BINARY: Final = "binary_crossentropy"


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A class.

    Attributes:
        name: Its name, or its number.
        precision: Of what was predicted to be the class, the share that is.
        recall: Of what is the class, the share that was predicted.
        f1: The harmonic mean of both.
        support: Examples of the class.
        curves: The class against all others; of two classes, only the second has them.
    """

    name: str
    precision: float
    recall: float
    f1: float
    support: int
    curves: Curves | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All numbers.

    Attributes:
        split: The split.
        examples: Examples that count.
        accuracy: The share of them that is right.
        classes: The classes.
        confusion: Counts, truth in rows, prediction in columns.
        ece: The expected calibration error of the predicted class, or of the second of two.
        bins: The reliability of that probability.
    """

    split: str
    examples: int
    accuracy: float
    classes: tuple[ClassRow, ...]
    confusion: tuple[tuple[int, ...], ...]
    ece: float
    bins: tuple[Bin, ...]

    def mean(self, name: str, *, weighted: bool = False) -> float:
        """A rate, as the mean over classes, or over classes by their support."""
        weights = [each.support if weighted else 1 for each in self.classes]
        values = [getattr(each, name) for each in self.classes]
        return float(np.average(values, weights=weights))

    def as_record(self) -> dict[str, Any]:
        """As `--json` prints it."""
        rates = ("precision", "recall", "f1")
        return {
            **asdict(self),
            "macro": {name: self.mean(name) for name in rates},
            "weighted": {name: self.mean(name, weighted=True) for name in rates},
        }

    def confused(self) -> list[tuple[int, int, int]]:
        """(truth, prediction, count) of what was taken for another class, most often first."""
        found = [
            (count, truth, taken)
            for truth, row in enumerate(self.confusion)
            for taken, count in enumerate(row)
            if count and truth != taken
        ]
        found.sort(key=lambda each: (-each[0], each[1:]))
        return [(truth, taken, count) for count, truth, taken in found]


def evaluate_classes(run: Run, dataset: Dataset, most: int | None = None) -> Evaluation | None:
    """The report of the validation split, or of the test split where there is no other.

    Args:
        run: The run.
        dataset: Its data.
        most: Probabilities that are looked at, at most; a split with more has no report.

    Returns:
        None where the loss is not one of classes, the data has neither split, or predictions
        are no numbers.

    Raises:
        SpecError: The host cannot prepare an input.
    """
    scored = run.bundle.plan.scored
    name = next((each for each in SPLITS if each in dataset.splits), None)
    if scored is None or name is None:
        return None
    split = dataset.splits[name]
    _, *axes = run.bundle.plan.outputs[scored.output].shape
    count = 2 if scored.loss == BINARY else int(axes[0])
    if most is not None and len(split) * count > most:
        return None
    truth, scores = _truth(split, scored), outputs_of(run, split)[scored.output]
    kept = (truth >= 0) & (truth < count)
    if scored.ignored is not None:
        kept &= truth != scored.ignored
    truth, scores = truth[kept], scores[kept]
    if not len(truth) or not np.isfinite(scores).all():
        return None
    binary = scored.loss == BINARY
    table = classes.probabilities(scores, binary=binary, from_logits=scored.from_logits)
    words = split.class_names.get(scored.label) or ()
    names = words if len(words) == count else tuple(str(i) for i in range(count))
    return evaluation(name, truth, table, names)


def _truth(split: Split, scored: Scored) -> classes.Array:
    """The number of each example's class."""
    label = split.arrays[scored.label]
    if label.ndim == 2 and label.shape[1] > 1:
        return label.argmax(axis=1)
    flat = label.reshape(len(label))
    return (flat > 0.5).astype(np.int64) if scored.loss == BINARY else flat.astype(np.int64)


def evaluation(
    split: str, truth: classes.Array, table: classes.Array, names: Sequence[str]
) -> Evaluation:
    """The numbers of a table of probabilities.

    Args:
        split: Its name.
        truth: The number of each example's class.
        table: The probability of each class, a row an example.
        names: The classes' names.
    """
    count = len(names)
    predicted = (table[:, 1] > 0.5).astype(np.int64) if count == 2 else table.argmax(axis=1)
    matrix = classes.confusion(truth, predicted, count)
    precision, recall, f1 = classes.rates(matrix)
    shown = (1,) if count == 2 else range(count)
    drawn = {i: classes.curves(truth == i, table[:, i]) for i in shown}
    rows = tuple(
        ClassRow(
            name=names[i],
            precision=float(precision[i]),
            recall=float(recall[i]),
            f1=float(f1[i]),
            support=int(matrix[i].sum()),
            curves=drawn.get(i),
        )
        for i in range(count)
    )
    if count == 2:
        bins = drawn[1].bins
    else:
        bins = classes.reliability(table.max(axis=1), truth == predicted)
    return Evaluation(
        split=split,
        examples=len(truth),
        accuracy=int(matrix.trace()) / len(truth),
        classes=rows,
        confusion=tuple(tuple(row.tolist()) for row in matrix),
        ece=classes.calibration_error(bins),
        bins=bins,
    )
