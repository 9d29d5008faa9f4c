"""Accuracies: the share of examples that are right."""

from __future__ import annotations

from typing import ClassVar, Literal, final

from kspec.ir import Builder, Value
from kspec.losses.operands import as_float, last_mean, same_rank, sparse_label
from kspec.metrics.base import MeanMetric, arg, metric


def _share(b: Builder, left: Value, right: Value) -> Value:
    return b.op("cast", b.op("equal", left, right), dtype="f32")


@final
@metric("sparse_categorical_accuracy")
class SparseCategoricalAccuracy(MeanMetric):
    """How often the class with the highest score is the true one; truth is a class number."""

    best: ClassVar[Literal["min", "max"]] = "max"

    def values(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """1 where the class numbers agree."""
        label = sparse_label(b, y_true, y_pred)
        guess = b.op("argmax", y_pred, axis=y_pred.type.rank - 1)
        if label.type.dtype != "i32":
            label = b.op("cast", label, dtype="i32")
        return _share(b, label, guess)


@final
@metric("categorical_accuracy")
class CategoricalAccuracy(MeanMetric):
    """How often the class with the highest score is the true one; truth is one-hot."""

    best: ClassVar[Literal["min", "max"]] = "max"

    def values(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """1 where the highest entries agree."""
        axis = y_pred.type.rank - 1
        truth = b.op("argmax", y_true, axis=y_true.type.rank - 1)
        return _share(b, truth, b.op("argmax", y_pred, axis=axis))


@final
@metric("binary_accuracy")
class BinaryAccuracy(MeanMetric):
    """How often a probability is on the right side of a threshold."""

    best: ClassVar[Literal["min", "max"]] = "max"

    threshold: float = arg(default=0.5, doc="Above it the answer is 1.")

    def check(self) -> str | None:
        """Probabilities lie between 0 and 1."""
        inside = 0 <= self.threshold <= 1
        return None if inside else f"threshold must be in [0, 1], not {self.threshold}"

    def values(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """1 where truth and answer agree, averaged over the last axis."""
        y_true, y_pred = same_rank(b, y_true, y_pred)
        limit = b.constant(self.threshold, y_pred.type.dtype)
        answer = b.op("cast", b.op("greater", y_pred, limit), dtype=y_pred.type.dtype)
        return last_mean(b, _share(b, as_float(b, y_true, y_pred), answer))
