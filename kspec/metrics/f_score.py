"""F-scores: precision and recall in one number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final, Literal, TypeAlias, final

from kspec.ir import Builder, TypeRuleError, Value
from kspec.metrics.base import Metric, arg, metric
from kspec.metrics.operands import classes_of, matched

_PARTS: Final = ("true_positives", "false_positives", "false_negatives")
Average: TypeAlias = Literal["micro", "macro", "weighted"] | None
_AVERAGE = (
    "Over all classes counted together, their mean, or that weighted by how often each is "
    "true; with `none`, a number for each class."
)
_THRESHOLD = "Above it an answer is a yes; with `none`, the highest score alone is."


class _FScore(Metric):
    """(1 + beta ** 2) * precision * recall / (beta ** 2 * precision + recall)."""

    best: ClassVar[Literal["min", "max"] | None] = "max"
    merged: ClassVar[str] = '`average="macro"`'

    average: Average
    threshold: float | None

    def weight_of_recall(self) -> float:
        """The beta of the formula."""
        raise NotImplementedError

    def check(self) -> str | None:
        """Beta and threshold are positive."""
        if self.weight_of_recall() <= 0:
            return f"beta must be positive, not {self.weight_of_recall()}"
        if self.threshold is not None and not 0 < self.threshold <= 1:
            return f"threshold must be in (0, 1], not {self.threshold}"
        return None

    def update(self, b: Builder, *operands: Value, weight: Value) -> Mapping[str, Value]:
        """Right and wrong answers of each class."""
        truth, prediction = matched(b, *operands)
        classes_of(prediction)
        if prediction.type.rank != 2:
            raise TypeRuleError(
                f"`{self.name}` takes a row of classes an example, not {prediction.type}"
            )
        found = b.op_n("class_counts", truth, prediction, weight, threshold=self.threshold)
        return dict(zip(_PARTS, found, strict=True))

    def result(self, b: Builder, **sums: Value) -> Value:
        """The score of each class, or one number of them."""
        parts = [sums[name] for name in _PARTS]
        if self.average == "micro":
            parts = [b.op("sum", part, axis=(0,)) for part in parts]
        score = b.op("f_beta", *parts, beta=self.weight_of_recall())
        if self.average == "macro":
            return b.op("mean", score, axis=(0,))
        if self.average == "weighted":
            truths = b.op("add", sums["true_positives"], sums["false_negatives"])
            total = b.op("add", b.op("sum", truths, axis=(0,)), b.constant(1e-7))
            share = b.op("divide", truths, total)
            return b.op("sum", b.op("multiply", score, share), axis=(0,))
        return score


@final
@metric("f_beta_score")
class FBetaScore(_FScore):
    """Precision and recall in one number, in which recall counts beta times as much.

    (1 + beta ** 2) * precision * recall / (beta ** 2 * precision + recall). Precision is
    tp / (tp + fp), recall is tp / (tp + fn); truth is one-hot, or several yes and no. Source:
    van Rijsbergen, Information Retrieval, 1979, as in Keras' FBetaScore.
    """

    average: Average = arg(default=None, doc=_AVERAGE)
    beta: float = arg(default=1.0, doc="How much recall counts against precision.")
    threshold: float | None = arg(default=None, doc=_THRESHOLD)

    def weight_of_recall(self) -> float:
        """The argument."""
        return self.beta


@final
@metric("f1_score")
class F1Score(_FScore):
    """Precision and recall in one number, their harmonic mean.

    2 * precision * recall / (precision + recall). Precision is tp / (tp + fp), recall is
    tp / (tp + fn); truth is one-hot, or several yes and no. Source: Keras' F1Score.
    """

    average: Average = arg(default=None, doc=_AVERAGE)
    threshold: float | None = arg(default=None, doc=_THRESHOLD)

    def weight_of_recall(self) -> float:
        """Both count the same."""
        return 1.0
