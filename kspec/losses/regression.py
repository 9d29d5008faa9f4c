"""Losses on distances."""

from __future__ import annotations

from typing import ClassVar, final

from kspec.ir import Builder, Value
from kspec.losses.base import Loss, loss
from kspec.losses.operands import as_float, last_mean, same_rank


class _Difference(Loss):
    """A rule of prediction minus truth, averaged over the last axis."""

    op: ClassVar[str]

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """A difference, the rule, a mean."""
        y_true, y_pred = same_rank(b, y_true, y_pred)
        difference = b.op("subtract", y_pred, as_float(b, y_true, y_pred))
        return last_mean(b, b.op(self.op, difference))


@final
@loss("mean_squared_error")
class MeanSquaredError(_Difference):
    """mean((prediction - truth) ** 2)."""

    op = "square"


@final
@loss("mean_absolute_error")
class MeanAbsoluteError(_Difference):
    """mean(abs(prediction - truth))."""

    op = "abs"
