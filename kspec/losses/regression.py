"""Losses on distances, each averaged over the last axis."""

from __future__ import annotations

from typing import final

from kspec.ir import Builder, Value
from kspec.losses.base import Loss, arg, loss
from kspec.losses.operands import as_float, last_mean, same_rank


def _difference(b: Builder, y_true: Value, y_pred: Value) -> Value:
    y_true, y_pred = same_rank(b, y_true, y_pred)
    return b.op("subtract", y_pred, as_float(b, y_true, y_pred))


@final
@loss("mean_squared_error")
class MeanSquaredError(Loss):
    """mean((prediction - truth) ** 2)."""

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """A difference, its square, a mean."""
        return last_mean(b, b.op("square", _difference(b, y_true, y_pred)))


@final
@loss("mean_absolute_error")
class MeanAbsoluteError(Loss):
    """mean(abs(prediction - truth))."""

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """A difference, its size, a mean."""
        return last_mean(b, b.op("abs", _difference(b, y_true, y_pred)))


@final
@loss("mean_absolute_percentage_error")
class MeanAbsolutePercentageError(Loss):
    """mean(100 * abs(truth - prediction) / max(abs(truth), 1e-7)), as in Keras."""

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """One op and a mean."""
        y_true, y_pred = same_rank(b, y_true, y_pred)
        truth = as_float(b, y_true, y_pred)
        return last_mean(b, b.op("absolute_percentage_error", truth, y_pred))


@final
@loss("mean_squared_logarithmic_error")
class MeanSquaredLogarithmicError(Loss):
    """mean((log(prediction + 1) - log(truth + 1)) ** 2), both made at least 1e-7, as in Keras."""

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """One op and a mean."""
        y_true, y_pred = same_rank(b, y_true, y_pred)
        truth = as_float(b, y_true, y_pred)
        return last_mean(b, b.op("squared_logarithmic_error", truth, y_pred))


@final
@loss("huber")
class Huber(Loss):
    """mean(e ** 2 / 2 where abs(e) <= delta, else delta * (abs(e) - delta / 2)).

    e is prediction - truth: squared where small, linear where large.
    Huber, "Robust Estimation of a Location Parameter" (1964).
    """

    delta: float = arg(default=1.0, doc="The size from which on an error counts linearly.")

    def check(self) -> str | None:
        """A size is positive."""
        return None if self.delta > 0 else f"delta must be positive, not {self.delta}"

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """A difference, one op, a mean."""
        return last_mean(b, b.op("huber", _difference(b, y_true, y_pred), delta=self.delta))


@final
@loss("log_cosh")
class LogCosh(Loss):
    """mean(log(cosh(prediction - truth))): e ** 2 / 2 for small errors, abs(e) for large ones.

    Computed as e + softplus(-2 e) - log(2), which does not overflow, as in Keras.
    """

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """A difference, one op, a mean."""
        return last_mean(b, b.op("log_cosh", _difference(b, y_true, y_pred)))
