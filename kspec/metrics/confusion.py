"""Right and wrong answers of yes and no, and their quotients: precision and recall."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final, Literal, final

from kspec.ir import Builder, TypeRuleError, Value
from kspec.metrics.base import Metric, arg, metric
from kspec.metrics.operands import classes_of, matched, spread
from kspec.metrics.thresholds import (
    Thresholds,
    check_thresholds,
    counts,
    given,
    histograms,
    select_class,
)

LOWEST: Final = -1e10  # what Keras gives scores that are not among the `top_k`


class _AtThresholds(Metric):
    """Something of the counts of right and wrong answers at one or several thresholds."""

    best: ClassVar[Literal["min", "max"] | None] = "max"
    merged: ClassVar[str] = "a single threshold"

    thresholds: float | tuple[float, ...] | None = arg(
        default=None,
        doc="Above it a prediction is a yes, 0.5 by default; for several, a number each.",
    )

    def places(self) -> Thresholds:
        """The thresholds."""
        return given(self.thresholds, 0.5)

    def check(self) -> str | None:
        """Probabilities lie between 0 and 1."""
        return check_thresholds(self.thresholds)

    def update(self, b: Builder, *operands: Value, weight: Value) -> Mapping[str, Value]:
        """The histograms of the predictions."""
        truth, prediction = matched(b, *operands)
        return histograms(b, truth, prediction, spread(b, weight, prediction), self.places())

    def single(self, b: Builder, each: Value) -> Value:
        """A number for each threshold; alone where there is but one."""
        return b.op("squeeze", each, axis=0) if each.type.shape == (1,) else each


@final
@metric("true_positives")
class TruePositives(_AtThresholds):
    """How many predictions are a yes, and right. Source: Keras' TruePositives."""

    def result(self, b: Builder, **sums: Value) -> Value:
        """The count at each threshold."""
        return self.single(b, counts(b, sums, self.places()).true_positives)


@final
@metric("false_positives")
class FalsePositives(_AtThresholds):
    """How many predictions are a yes, and wrong. Source: Keras' FalsePositives."""

    best: ClassVar[Literal["min", "max"] | None] = "min"

    def result(self, b: Builder, **sums: Value) -> Value:
        """The count at each threshold."""
        return self.single(b, counts(b, sums, self.places()).false_positives)


@final
@metric("true_negatives")
class TrueNegatives(_AtThresholds):
    """How many predictions are a no, and right. Source: Keras' TrueNegatives."""

    def result(self, b: Builder, **sums: Value) -> Value:
        """The count at each threshold."""
        return self.single(b, counts(b, sums, self.places()).true_negatives)


@final
@metric("false_negatives")
class FalseNegatives(_AtThresholds):
    """How many predictions are a no, and wrong. Source: Keras' FalseNegatives."""

    best: ClassVar[Literal["min", "max"] | None] = "min"

    def result(self, b: Builder, **sums: Value) -> Value:
        """The count at each threshold."""
        return self.single(b, counts(b, sums, self.places()).false_negatives)


class _Quotient(_AtThresholds):
    """A share of right answers, of all predictions, the best ones, or those of a class."""

    top_k: int | None = arg(
        default=None, doc="Only the k highest scores of an example are a yes, whatever they are."
    )
    class_id: int | None = arg(default=None, doc="The one class that is looked at.")

    def places(self) -> Thresholds:
        """The thresholds; every score that is kept is above the default with `top_k`."""
        return given(self.thresholds, 0.5 if self.top_k is None else LOWEST)

    def check(self) -> str | None:
        """There is a highest score."""
        if self.top_k is not None and self.top_k < 1:
            return f"top_k must be at least 1, not {self.top_k}"
        return super().check()

    def update(self, b: Builder, *operands: Value, weight: Value) -> Mapping[str, Value]:
        """The histograms of the predictions that are looked at."""
        truth, prediction = matched(b, *operands)
        if self.top_k is not None:
            classes = classes_of(prediction)
            if self.top_k > classes:
                raise TypeRuleError(
                    f"top_k is {self.top_k}, and the prediction {prediction.type} has only "
                    f"{classes} classes"
                )
            prediction = b.op("keep_top_k", prediction, k=self.top_k)
        if self.class_id is not None:
            truth = select_class(b, truth, self.class_id)
            prediction = select_class(b, prediction, self.class_id)
        return histograms(b, truth, prediction, spread(b, weight, prediction), self.places())

    def share(self, b: Builder, right: Value, wrong: Value) -> Value:
        """The quotient right / (right + wrong), 0 over nothing."""
        return self.single(b, b.op("divide_no_nan", right, b.op("add", right, wrong)))


@final
@metric("precision")
class Precision(_Quotient):
    """How many of the predictions that are a yes are right: tp / (tp + fp).

    tp and fp are true and false positives. Source: Keras' Precision.
    """

    def result(self, b: Builder, **sums: Value) -> Value:
        """The quotient at each threshold."""
        found = counts(b, sums, self.places())
        return self.share(b, found.true_positives, found.false_positives)


@final
@metric("recall")
class Recall(_Quotient):
    """How many of the cases that are a yes are found: tp / (tp + fn).

    tp are true positives, fn false negatives. Source: Keras' Recall.
    """

    def result(self, b: Builder, **sums: Value) -> Value:
        """The quotient at each threshold."""
        found = counts(b, sums, self.places())
        return self.share(b, found.true_positives, found.false_negatives)
