"""Accuracies: the share of examples that are right."""

from __future__ import annotations

from typing import ClassVar, Literal, final

from kspec.ir import Builder, TypeRuleError, Value
from kspec.losses.operands import as_float, last_mean, sparse_label
from kspec.metrics.base import MeanMetric, arg, metric
from kspec.metrics.operands import classes_of, matched, to_f32, to_i32


class _Share(MeanMetric):
    """The mean of ones and zeros."""

    best: ClassVar[Literal["min", "max"] | None] = "max"


def _equal(b: Builder, left: Value, right: Value) -> Value:
    return b.op("cast", b.op("equal", left, right), dtype="f32")


def _labels(b: Builder, y_true: Value, y_pred: Value) -> Value:
    """Class numbers, one for each row of scores."""
    label = sparse_label(b, y_true, y_pred)
    classes_of(y_pred)
    if label.type.shape != y_pred.type.shape[:-1]:
        raise TypeRuleError(
            f"labels {label.type} do not fit predictions {y_pred.type}: "
            "all axes but the last must agree"
        )
    return label


@final
@metric("accuracy")
class Accuracy(_Share):
    """How often a prediction equals the truth: mean(y_true == y_pred).

    For predictions that are answers already, not scores. Source: Keras' Accuracy.
    """

    def values(self, b: Builder, *operands: Value) -> Value:
        """1 where they are equal."""
        return _equal(b, *matched(b, *operands))


@final
@metric("sparse_categorical_accuracy")
class SparseCategoricalAccuracy(_Share):
    """How often the class with the highest score is the true one; truth is a class number.

    mean(y_true == argmax(y_pred)). Source: Keras' SparseCategoricalAccuracy.
    """

    def values(self, b: Builder, *operands: Value) -> Value:
        """1 where the class numbers agree."""
        y_true, y_pred = operands
        label = to_i32(b, _labels(b, y_true, y_pred))
        return _equal(b, label, b.op("argmax", y_pred, axis=y_pred.type.rank - 1))


@final
@metric("categorical_accuracy")
class CategoricalAccuracy(_Share):
    """How often the class with the highest score is the true one; truth is one-hot.

    mean(argmax(y_true) == argmax(y_pred)). Source: Keras' CategoricalAccuracy.
    """

    def values(self, b: Builder, *operands: Value) -> Value:
        """1 where the highest entries agree."""
        truth, scores = matched(b, *operands)
        classes_of(scores)
        axis = scores.type.rank - 1
        return _equal(b, b.op("argmax", truth, axis=axis), b.op("argmax", scores, axis=axis))


@final
@metric("binary_accuracy")
class BinaryAccuracy(_Share):
    """How often a probability is on the right side of a threshold.

    mean(y_true == (y_pred > threshold)). Source: Keras' BinaryAccuracy.
    """

    threshold: float = arg(default=0.5, doc="Above it the answer is 1.")

    def check(self) -> str | None:
        """Probabilities lie between 0 and 1."""
        inside = 0 <= self.threshold <= 1
        return None if inside else f"threshold must be in [0, 1], not {self.threshold}"

    def values(self, b: Builder, *operands: Value) -> Value:
        """1 where truth and answer agree, averaged over the last axis."""
        y_true, y_pred = matched(b, *operands)
        answer = b.op("greater", y_pred, b.constant(self.threshold))
        return last_mean(b, _equal(b, y_true, to_f32(b, answer)))


class _TopK(_Share):
    """Whether the true class is among those with the highest scores."""

    k: int = arg(default=5, doc="How many of the highest scores are looked at.")

    def check(self) -> str | None:
        """There is a highest score."""
        return None if self.k >= 1 else f"k must be at least 1, not {self.k}"

    def hits(self, b: Builder, label: Value, scores: Value) -> Value:
        """1 where fewer than `k` scores are higher than that of the label."""
        found = b.op("in_top_k", to_i32(b, label), to_f32(b, scores), k=self.k)
        return b.op("cast", found, dtype="f32")


@final
@metric("top_k_categorical_accuracy")
class TopKCategoricalAccuracy(_TopK):
    """How often the true class is among the k highest scores; truth is one-hot.

    mean(count(y_pred > y_pred[argmax(y_true)]) < k). Source: Keras' TopKCategoricalAccuracy.
    """

    def values(self, b: Builder, *operands: Value) -> Value:
        """1 for a hit."""
        truth, scores = matched(b, *operands)
        classes_of(scores)
        return self.hits(b, b.op("argmax", truth, axis=truth.type.rank - 1), scores)


@final
@metric("sparse_top_k_categorical_accuracy")
class SparseTopKCategoricalAccuracy(_TopK):
    """How often the true class is among the k highest scores; truth is a class number.

    mean(count(y_pred > y_pred[y_true]) < k). Source: Keras' SparseTopKCategoricalAccuracy.
    """

    from_sorted_ids: bool = arg(
        default=False, doc="Whether predictions are class numbers already, the best first."
    )

    def values(self, b: Builder, *operands: Value) -> Value:
        """1 for a hit."""
        y_true, y_pred = operands
        label = _labels(b, y_true, y_pred)
        if not self.from_sorted_ids:
            return self.hits(b, label, y_pred)
        last = y_pred.type.rank - 1
        items = (*((None, None, None),) * last, (None, min(self.k, classes_of(y_pred)), None))
        best = b.op("index", y_pred, items=items)
        label = b.op("expand_dims", as_float(b, label, y_pred), axis=last)
        return b.op("max", _equal(b, label, best), axis=(last,))
