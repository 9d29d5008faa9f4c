"""The coefficient of determination."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, final

from kspec.ir import Builder, TypeRuleError, Value
from kspec.metrics.base import Metric, arg, metric
from kspec.metrics.operands import classes_of, matched, weigh


@final
@metric("r2_score")
class R2Score(Metric):
    """The share of the truth's variance that predictions explain; 1 is perfect.

    1 - sum((truth - prediction) ** 2) / sum((truth - mean(truth)) ** 2), for each output.
    Source: the coefficient of determination, as in Keras' R2Score.
    """

    best: ClassVar[Literal["min", "max"] | None] = "max"
    merged: ClassVar[str] = '`class_aggregation="uniform_average"`'

    class_aggregation: Literal["uniform_average", "variance_weighted_average"] | None = arg(
        default="uniform_average",
        doc="How the outputs' scores become one; with `none`, each output has its own.",
    )
    num_regressors: int = arg(
        default=0, doc="How many predictors the adjusted score allows for; 0 for the plain one."
    )

    def check(self) -> str | None:
        """Counts count."""
        if self.num_regressors < 0:
            return f"num_regressors must not be negative, not {self.num_regressors}"
        return None

    def update(self, b: Builder, *operands: Value, weight: Value) -> Mapping[str, Value]:
        """For each output, what mean, variance and residuals are made of."""
        y_true, y_pred = matched(b, *operands)
        if y_pred.type.rank > 2:
            raise TypeRuleError(f"r2_score takes a row of outputs an example, not {y_pred.type}")
        if y_pred.type.rank == 1:
            y_true, y_pred = (b.op("expand_dims", x, axis=1) for x in (y_true, y_pred))
        column = b.op("expand_dims", weight, axis=1)
        weighted = b.op("multiply", y_true, column)
        residual = b.op("square", b.op("subtract", y_true, y_pred))
        sums = {
            "sum": b.op("sum", weighted, axis=(0,)),
            "squared_sum": b.op("sum", b.op("multiply", y_true, weighted), axis=(0,)),
            "residual": weigh(b, residual, column),
            "count": b.op("sum", weight, axis=(0,)),
        }
        if self.num_regressors:
            real = b.op("cast", b.op("greater", weight, b.constant(0.0)), dtype="f32")
            outputs = b.constant(float(classes_of(y_pred)))
            sums["samples"] = b.op("multiply", b.op("sum", real, axis=(0,)), outputs)
        return sums

    def result(self, b: Builder, **sums: Value) -> Value:
        """The scores, made one if that is asked for, and adjusted if that is."""
        parts = (sums[name] for name in ("sum", "squared_sum", "residual", "count"))
        scores, spread = b.op_n("r2_scores", *parts)
        score = scores
        if self.class_aggregation == "uniform_average":
            score = b.op("mean", scores, axis=(0,))
        elif self.class_aggregation == "variance_weighted_average":
            weighted = b.op("sum", b.op("multiply", spread, scores), axis=(0,))
            score = b.op("divide", weighted, b.op("sum", spread, axis=(0,)))
        if self.num_regressors:
            return b.op("adjusted_r2", score, sums["samples"], regressors=self.num_regressors)
        return score
