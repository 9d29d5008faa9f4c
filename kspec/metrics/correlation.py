"""Correlations of truth and prediction along an axis of each example."""

from __future__ import annotations

from typing import ClassVar, Literal, final

from kspec.ir import Builder, TypeRuleError, Value
from kspec.metrics.base import MeanMetric, arg, metric
from kspec.metrics.operands import matched, own_axis


class _Correlation(MeanMetric):
    """The mean over examples of a correlation along an axis: one op."""

    best: ClassVar[Literal["min", "max"] | None] = "max"

    axis: int = arg(default=-1, doc="The axis along which numbers are correlated.")

    def values(self, b: Builder, *operands: Value) -> Value:
        """A correlation for each example; one number does not correlate with another."""
        y_true, y_pred = matched(b, *operands)
        axis = own_axis(y_pred, self.axis, self.name)
        if y_pred.type.shape[axis] == 1:
            raise TypeRuleError(
                f"`{self.name}` is along an axis of each example, and axis {self.axis} of "
                f"{y_pred.type} has a single number"
            )
        return b.op(self.name, y_true, y_pred, axis=axis)


@final
@metric("pearson_correlation")
class PearsonCorrelation(_Correlation):
    """Pearson's correlation of truth and prediction along an axis: 1 where they rise together.

    mean(t * p), where t and p are both less their means and over their deviations. Source:
    Pearson's r, as in Keras' PearsonCorrelation.
    """


@final
@metric("concordance_correlation")
class ConcordanceCorrelation(_Correlation):
    """Lin's concordance of truth and prediction along an axis: 1 where they are equal.

    2 * covariance / (var(truth) + var(prediction) + (difference of the means) ** 2), where
    covariance is mean((truth - mean(prediction)) * (prediction - mean(prediction))).
    Source: Lin, A Concordance Correlation Coefficient, 1989, as in Keras' ConcordanceCorrelation.
    """
