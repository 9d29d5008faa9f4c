"""The area under a curve of right and wrong answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, final

from kspec.ir import Builder, TypeRuleError, Value
from kspec.metrics.base import Metric, arg, metric
from kspec.metrics.operands import classes_of, matched, spread
from kspec.metrics.thresholds import (
    TOLERANCE,
    Counts,
    Thresholds,
    check_thresholds,
    counts,
    histograms,
    is_even,
)


@final
@metric("auc")
class AUC(Metric):
    """The area under a curve that has a point for each threshold.

    ROC: tp / (tp + fn) over fp / (fp + tn). PR: tp / (tp + fp) over tp / (tp + fn). PRGAIN:
    the gains of precision over recall. tp are the true positives at a threshold, and so on.
    Source: Davis and Goadrich, The Relationship between Precision-Recall and ROC Curves, 2006;
    Flach and Kull, Precision-Recall-Gain Curves, 2015; as in Keras' AUC.
    """

    best: ClassVar[Literal["min", "max"] | None] = "max"

    num_thresholds: int = arg(
        default=200, doc="How many thresholds there are, evenly spaced from 0 to 1."
    )
    curve: Literal["ROC", "PR", "PRGAIN"] = arg(
        default="ROC", doc="Receiver operating characteristic, precision-recall, or its gain."
    )
    summation_method: Literal["interpolation", "minoring", "majoring"] = arg(
        default="interpolation",
        doc="The height between two points: in the middle, the lower, or the higher one.",
    )
    thresholds: tuple[float, ...] | None = arg(
        default=None, doc="The thresholds between 0 and 1, instead of evenly spaced ones."
    )
    multi_label: bool = arg(
        default=False, doc="Whether each label has a curve of its own, whose areas are averaged."
    )
    num_labels: int | None = arg(
        default=None, doc="How many labels there are; only with `multi_label`."
    )
    label_weights: tuple[float, ...] | None = arg(
        default=None, doc="What each label counts, in the average or in one curve of all."
    )
    from_logits: bool = arg(default=False, doc="Whether predictions come before a sigmoid.")

    def check(self) -> str | None:
        """Thresholds and labels make sense."""
        if self.thresholds is None and self.num_thresholds < 2:
            return f"num_thresholds must be at least 2, not {self.num_thresholds}"
        if self.num_labels is not None and not self.multi_label:
            return "num_labels is only for `multi_label=true`"
        if any(weight < 0 for weight in self.label_weights or ()):
            return "label_weights must not be negative"
        return check_thresholds(self.thresholds)

    def _places(self) -> Thresholds:
        """The thresholds, with one just below 0 and one just above 1."""
        if self.thresholds is None:
            last = self.num_thresholds - 1
            between = tuple(i / last for i in range(1, last))
            even = True
        else:
            between = tuple(sorted(self.thresholds))
            even = is_even((0.0, *between, 1.0))
        return Thresholds((-TOLERANCE, *between, 1.0 + TOLERANCE), even, open_ends=True)

    def update(self, b: Builder, *operands: Value, weight: Value) -> Mapping[str, Value]:
        """The histograms of the predictions, for each label where that is asked for."""
        truth, prediction = matched(b, *operands)
        if self.from_logits:
            prediction = b.op("sigmoid", prediction)
        self._check_labels(prediction)
        weight = spread(b, weight, prediction)
        if self.label_weights is not None and not self.multi_label:
            weight = b.op("multiply", weight, b.op("vector", values=self.label_weights))
        return histograms(b, truth, prediction, weight, self._places(), by_label=self.multi_label)

    def _check_labels(self, prediction: Value) -> None:
        if not self.multi_label and self.label_weights is None:
            return
        labels = classes_of(prediction)
        if self.multi_label and prediction.type.rank != 2:
            raise TypeRuleError(
                f"multi_label needs a row of labels an example, not {prediction.type}"
            )
        if self.num_labels not in (None, labels):
            raise TypeRuleError(
                f"num_labels is {self.num_labels}, and the prediction {prediction.type} has "
                f"{labels} labels"
            )
        if self.label_weights is not None and len(self.label_weights) != labels:
            raise TypeRuleError(
                f"there are {len(self.label_weights)} label_weights, and the prediction "
                f"{prediction.type} has {labels} labels"
            )

    def result(self, b: Builder, **sums: Value) -> Value:
        """The area, or the mean of the labels' areas."""
        found = counts(b, sums, self._places())
        if self.curve == "PR" and self.summation_method == "interpolation":
            tp, fp, _, fn = found
            area = b.op("interpolated_precision_area", tp, fp, fn)
        else:
            x, y = self._curve(b, found)
            area = b.op("area_under", x, y, method=self.summation_method)
        if not self.multi_label:
            return area
        if self.label_weights is None:
            return b.op("mean", area, axis=(0,))
        weights = b.op("vector", values=self.label_weights)
        total = b.op("sum", b.op("multiply", area, weights), axis=(0,))
        return b.op("divide_no_nan", total, b.op("sum", weights, axis=(0,)))

    def _curve(self, b: Builder, found: Counts) -> tuple[Value, Value]:
        """The points: x falls from threshold to threshold."""
        tp, fp, tn, fn = found
        if self.curve == "PRGAIN":
            recall, precision = b.op_n("precision_recall_gain", *found)
            return recall, precision
        recall = b.op("divide_no_nan", tp, b.op("add", tp, fn))
        if self.curve == "ROC":
            return b.op("divide_no_nan", fp, b.op("add", fp, tn)), recall
        return recall, b.op("divide_no_nan", tp, b.op("add", tp, fp))
