"""The best of one share of right answers where another is high enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, final

from kspec.ir import Builder, Value
from kspec.metrics.base import Metric, arg, metric
from kspec.metrics.operands import matched, spread
from kspec.metrics.thresholds import counts, histograms, select_class, spaced


class _Tradeoff(Metric):
    """The largest wanted share over the thresholds whose other share is high enough; else 0.

    A subclass declares its first argument, which is `floor`'s value, and then the two others.
    """

    best: ClassVar[Literal["min", "max"] | None] = "max"
    wanted: ClassVar[str]
    bound: ClassVar[str]

    num_thresholds: int
    class_id: int | None

    def check(self) -> str | None:
        """Shares lie between 0 and 1, and there is a threshold."""
        floor = self.floor()
        if not 0 <= floor <= 1:
            return f"{self.bound} must be in [0, 1], not {floor}"
        if self.num_thresholds < 1:
            return f"num_thresholds must be at least 1, not {self.num_thresholds}"
        return None

    def floor(self) -> float:
        """What the other share must be at least."""
        return getattr(self, self.bound)

    def update(self, b: Builder, *operands: Value, weight: Value) -> Mapping[str, Value]:
        """The histograms of the predictions."""
        truth, prediction = matched(b, *operands)
        if self.class_id is not None:
            truth = select_class(b, truth, self.class_id)
            prediction = select_class(b, prediction, self.class_id)
        weight = spread(b, weight, prediction)
        return histograms(b, truth, prediction, weight, spaced(self.num_thresholds))

    def result(self, b: Builder, **sums: Value) -> Value:
        """max(wanted where bound >= floor, else 0)."""
        tp, fp, tn, fn = counts(b, sums, spaced(self.num_thresholds))
        sides = {
            "sensitivity": (tp, fn),
            "recall": (tp, fn),
            "specificity": (tn, fp),
            "precision": (tp, fp),
        }
        shares = [
            b.op("divide_no_nan", right, b.op("add", right, wrong))
            for right, wrong in (sides[self.wanted], sides[self.bound])
        ]
        enough = b.op("greater_equal", shares[1], b.constant(self.floor()))
        return b.op("max", b.op("select", enough, shares[0], b.constant(0.0)), axis=(0,))


_COUNT = "How many thresholds are tried, evenly spaced from 0 to 1."
_CLASS = "The one class that is looked at."


@final
@metric("sensitivity_at_specificity")
class SensitivityAtSpecificity(_Tradeoff):
    """The highest sensitivity, tp / (tp + fn), where specificity, tn / (tn + fp), is enough.

    Source: Keras' SensitivityAtSpecificity.
    """

    wanted: ClassVar[str] = "sensitivity"
    bound: ClassVar[str] = "specificity"

    specificity: float = arg(doc="What specificity must be at least.")
    num_thresholds: int = arg(default=200, doc=_COUNT)
    class_id: int | None = arg(default=None, doc=_CLASS)


@final
@metric("specificity_at_sensitivity")
class SpecificityAtSensitivity(_Tradeoff):
    """The highest specificity, tn / (tn + fp), where sensitivity, tp / (tp + fn), is enough.

    Source: Keras' SpecificityAtSensitivity.
    """

    wanted: ClassVar[str] = "specificity"
    bound: ClassVar[str] = "sensitivity"

    sensitivity: float = arg(doc="What sensitivity must be at least.")
    num_thresholds: int = arg(default=200, doc=_COUNT)
    class_id: int | None = arg(default=None, doc=_CLASS)


@final
@metric("precision_at_recall")
class PrecisionAtRecall(_Tradeoff):
    """The highest precision, tp / (tp + fp), where recall, tp / (tp + fn), is enough.

    Source: Keras' PrecisionAtRecall.
    """

    wanted: ClassVar[str] = "precision"
    bound: ClassVar[str] = "recall"

    recall: float = arg(doc="What recall must be at least.")
    num_thresholds: int = arg(default=200, doc=_COUNT)
    class_id: int | None = arg(default=None, doc=_CLASS)


@final
@metric("recall_at_precision")
class RecallAtPrecision(_Tradeoff):
    """The highest recall, tp / (tp + fn), where precision, tp / (tp + fp), is enough.

    Source: Keras' RecallAtPrecision.
    """

    wanted: ClassVar[str] = "recall"
    bound: ClassVar[str] = "precision"

    precision: float = arg(doc="What precision must be at least.")
    num_thresholds: int = arg(default=200, doc=_COUNT)
    class_id: int | None = arg(default=None, doc=_CLASS)
