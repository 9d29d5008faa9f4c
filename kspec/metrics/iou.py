"""Intersection over union: how well classes of pixels cover each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final, Literal, final

from kspec.ir import Builder, TypeRuleError, Value
from kspec.losses.operands import same_rank
from kspec.metrics.base import Metric, arg, metric
from kspec.metrics.operands import spread, to_f32, to_i32
from kspec.ops.base import axis_of

MOST_CLASSES: Final = 2**15  # a matrix of their pairs is kept


class _Intersection(Metric):
    """The mean over some classes of tp / (tp + fp + fn), from a matrix of what was taken for what.

    Weights are cut to whole numbers, as Keras' matrix of integers does.
    """

    best: ClassVar[Literal["min", "max"] | None] = "max"

    def classes(self) -> int:
        """How many classes there are."""
        raise NotImplementedError

    def targets(self) -> tuple[int, ...]:
        """The classes that count."""
        raise NotImplementedError

    def labels(self, b: Builder, y_true: Value, y_pred: Value) -> tuple[Value, Value]:
        """Class numbers, of truth and prediction."""
        raise NotImplementedError

    def ignored(self) -> int | None:
        """The class of truth that does not count."""
        return None

    def check(self) -> str | None:
        """There are classes, and those that count are some of them."""
        if not 1 <= self.classes() <= MOST_CLASSES:
            return f"num_classes must be from 1 to {MOST_CLASSES}, not {self.classes()}"
        if not self.targets():
            return "target_class_ids must have one at least"
        for each in self.targets():
            if not 0 <= each < self.classes():
                return f"target_class_ids must be in [0, {self.classes()}), not {each}"
        return None

    def update(self, b: Builder, *operands: Value, weight: Value) -> Mapping[str, Value]:
        """The matrix of a batch: a row a true class, a column a predicted one."""
        y_true, y_pred = operands
        truth, guess = same_rank(b, *self.labels(b, y_true, y_pred))
        if truth.type.shape != guess.type.shape:
            raise TypeRuleError(
                f"the classes of truth {y_true.type} and prediction {y_pred.type} differ in shape"
            )
        whole = to_f32(b, to_i32(b, weight))
        matrix = b.op(
            "confusion_matrix",
            truth,
            guess,
            spread(b, whole, guess),
            classes=self.classes(),
            ignore=self.ignored(),
        )
        return {"matrix": matrix}

    def result(self, b: Builder, **sums: Value) -> Value:
        """The mean over the classes that occur."""
        return b.op("mean_iou", sums["matrix"], classes=self.targets())


def _class_numbers(
    b: Builder, x: Value, classes: int, axis: int, what: str, *, sparse: bool
) -> Value:
    """Class numbers as they are, or the highest scores' places along the axis of classes."""
    if sparse:
        return to_i32(b, x)
    place = axis_of(x, axis)
    if x.type.shape[place] != classes:
        raise TypeRuleError(
            f"num_classes is {classes}, and axis {axis} of the {what} {x.type} has "
            f"{x.type.shape[place]} classes"
        )
    return b.op("argmax", x, axis=place)


class _OfClasses(_Intersection):
    """With classes that are numbered, or one-hot and scored."""

    num_classes: int
    ignore_class: int | None
    sparse_y_pred: bool
    axis: int

    def sparse_truth(self) -> bool:
        """Whether truth is class numbers."""
        raise NotImplementedError

    def classes(self) -> int:
        """The argument."""
        return self.num_classes

    def targets(self) -> tuple[int, ...]:
        """All of them."""
        return tuple(range(self.num_classes))

    def ignored(self) -> int | None:
        """The argument."""
        return self.ignore_class

    def labels(self, b: Builder, y_true: Value, y_pred: Value) -> tuple[Value, Value]:
        """Class numbers, by `argmax` where they are not sparse."""
        count, axis = self.num_classes, self.axis
        if self.sparse_y_pred and y_pred.type.shape == (*y_true.type.shape, count):
            raise TypeRuleError(
                f"the prediction {y_pred.type} has scores of {count} classes, not class numbers: "
                "write `sparse_y_pred=false`"
            )
        truth = _class_numbers(b, y_true, count, axis, "truth", sparse=self.sparse_truth())
        guess = _class_numbers(b, y_pred, count, axis, "prediction", sparse=self.sparse_y_pred)
        return truth, guess


_COUNT = "How many classes there are."
_TARGETS = "The classes whose mean is taken."
_IGNORE = "A class of the truth that does not count."
_TRUTH = "Whether truth is class numbers; else one-hot."
_PREDICTION = "Whether predictions are class numbers; else scores of the classes."
_AXIS = "The axis of the classes, where they are not sparse."


class _Sparse(_OfClasses):
    """With an argument for how truth is written."""

    sparse_y_true: bool

    def sparse_truth(self) -> bool:
        """The argument."""
        return self.sparse_y_true


class _OneHot(_OfClasses):
    """With a truth that is one-hot."""

    def sparse_truth(self) -> bool:
        """No."""
        return False


@final
@metric("iou")
class IoU(_Sparse):
    """The mean over chosen classes of tp / (tp + fp + fn), intersection over union.

    Classes that never occur are left out. Weights are cut to whole numbers. Source: Keras' IoU.
    """

    num_classes: int = arg(doc=_COUNT)
    target_class_ids: tuple[int, ...] = arg(doc=_TARGETS)
    ignore_class: int | None = arg(default=None, doc=_IGNORE)
    sparse_y_true: bool = arg(default=True, doc=_TRUTH)
    sparse_y_pred: bool = arg(default=True, doc=_PREDICTION)
    axis: int = arg(default=-1, doc=_AXIS)

    def targets(self) -> tuple[int, ...]:
        """The argument."""
        return self.target_class_ids


@final
@metric("mean_iou")
class MeanIoU(_Sparse):
    """The mean over all classes of tp / (tp + fp + fn), intersection over union.

    Classes that never occur are left out. Weights are cut to whole numbers. Source: Keras'
    MeanIoU.
    """

    num_classes: int = arg(doc=_COUNT)
    ignore_class: int | None = arg(default=None, doc=_IGNORE)
    sparse_y_true: bool = arg(default=True, doc=_TRUTH)
    sparse_y_pred: bool = arg(default=True, doc=_PREDICTION)
    axis: int = arg(default=-1, doc=_AXIS)


@final
@metric("one_hot_iou")
class OneHotIoU(_OneHot):
    """The mean over chosen classes of tp / (tp + fp + fn); truth is one-hot.

    Classes that never occur are left out. Weights are cut to whole numbers. Source: Keras'
    OneHotIoU.
    """

    num_classes: int = arg(doc=_COUNT)
    target_class_ids: tuple[int, ...] = arg(doc=_TARGETS)
    ignore_class: int | None = arg(default=None, doc=_IGNORE)
    sparse_y_pred: bool = arg(default=False, doc=_PREDICTION)
    axis: int = arg(default=-1, doc=_AXIS)

    def targets(self) -> tuple[int, ...]:
        """The argument."""
        return self.target_class_ids


@final
@metric("one_hot_mean_iou")
class OneHotMeanIoU(_OneHot):
    """The mean over all classes of tp / (tp + fp + fn); truth is one-hot.

    Classes that never occur are left out. Weights are cut to whole numbers. Source: Keras'
    OneHotMeanIoU.
    """

    num_classes: int = arg(doc=_COUNT)
    ignore_class: int | None = arg(default=None, doc=_IGNORE)
    sparse_y_pred: bool = arg(default=False, doc=_PREDICTION)
    axis: int = arg(default=-1, doc=_AXIS)


@final
@metric("binary_iou")
class BinaryIoU(_Intersection):
    """The mean over no and yes of tp / (tp + fp + fn); a yes is a prediction above a threshold.

    Classes that never occur are left out. Weights are cut to whole numbers. Source: Keras'
    BinaryIoU.
    """

    target_class_ids: tuple[int, ...] = arg(
        default=(0, 1), doc="The classes whose mean is taken: 0 is no, 1 is yes."
    )
    threshold: float = arg(default=0.5, doc="From it on a prediction is a yes.")

    def classes(self) -> int:
        """No and yes."""
        return 2

    def targets(self) -> tuple[int, ...]:
        """The argument."""
        return self.target_class_ids

    def labels(self, b: Builder, y_true: Value, y_pred: Value) -> tuple[Value, Value]:
        """Truth as it is, and what is not below the threshold."""
        yes = b.op("greater_equal", to_f32(b, y_pred), b.constant(self.threshold))
        return to_i32(b, y_true), to_i32(b, yes)
