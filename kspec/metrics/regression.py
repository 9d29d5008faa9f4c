"""Regression: how far predictions are from the truth."""

from __future__ import annotations

import math
from typing import ClassVar, Final, Literal, final

from kspec.ir import Builder, Value
from kspec.losses.operands import last_mean
from kspec.losses.regression import MeanAbsoluteError, MeanSquaredError
from kspec.metrics.base import MeanMetric, arg, metric
from kspec.metrics.operands import matched, own_axis

EPSILON: Final = 1e-7  # what Keras adds or clips to


@final
@metric("mean_squared_error")
class MeanSquaredErrorMetric(MeanMetric):
    """The mean of (prediction - truth) ** 2. Source: Keras' MeanSquaredError."""

    def values(self, b: Builder, *operands: Value) -> Value:
        """The loss."""
        return MeanSquaredError().lower(b, *matched(b, *operands))


@final
@metric("root_mean_squared_error")
class RootMeanSquaredError(MeanMetric):
    """The root of the mean of (prediction - truth) ** 2. Source: Keras' RootMeanSquaredError."""

    masked: ClassVar[bool] = False

    def values(self, b: Builder, *operands: Value) -> Value:
        """The squared differences."""
        y_true, y_pred = matched(b, *operands)
        return b.op("square", b.op("subtract", y_pred, y_true))

    def result(self, b: Builder, **sums: Value) -> Value:
        """The root of the mean."""
        return b.op("sqrt", super().result(b, **sums))


@final
@metric("mean_absolute_error")
class MeanAbsoluteErrorMetric(MeanMetric):
    """The mean of abs(prediction - truth). Source: Keras' MeanAbsoluteError."""

    def values(self, b: Builder, *operands: Value) -> Value:
        """The loss."""
        return MeanAbsoluteError().lower(b, *matched(b, *operands))


@final
@metric("mean_absolute_percentage_error")
class MeanAbsolutePercentageErrorMetric(MeanMetric):
    """The mean distance of predictions from the truth, in percent of the truth.

    100 * mean(abs((truth - prediction) / max(abs(truth), 1e-7))). Source: Keras'
    MeanAbsolutePercentageError.
    """

    def values(self, b: Builder, *operands: Value) -> Value:
        """The differences as shares of the truth, in percent."""
        y_true, y_pred = matched(b, *operands)
        size = b.op("maximum", b.op("abs", y_true), b.constant(EPSILON))
        share = b.op("abs", b.op("divide", b.op("subtract", y_true, y_pred), size))
        return b.op("multiply", last_mean(b, share), b.constant(100.0))


@final
@metric("mean_squared_logarithmic_error")
class MeanSquaredLogarithmicErrorMetric(MeanMetric):
    """The mean squared distance of logarithms, which looks at ratios.

    mean((log(1 + prediction) - log(1 + truth)) ** 2), both at least 1e-7. Source: Keras'
    MeanSquaredLogarithmicError.
    """

    def values(self, b: Builder, *operands: Value) -> Value:
        """The squared differences of the logarithms."""
        y_true, y_pred = matched(b, *operands)
        return last_mean(b, b.op("square", b.op("subtract", _log(b, y_pred), _log(b, y_true))))


def _log(b: Builder, x: Value) -> Value:
    """log(1 + max(x, 1e-7)), by an addition, which rounds as in Keras."""
    positive = b.op("maximum", x, b.constant(EPSILON))
    return b.op("log", b.op("add", positive, b.constant(1.0)))


@final
@metric("log_cosh_error")
class LogCoshError(MeanMetric):
    """A mean error that is squared for small distances and absolute for large ones.

    mean(log(cosh(prediction - truth))). Source: Keras' LogCoshError.
    """

    def values(self, b: Builder, *operands: Value) -> Value:
        """For each distance d, d + softplus(-2 d) - log 2, which is safe for large ones."""
        y_true, y_pred = matched(b, *operands)
        distance = b.op("subtract", y_pred, y_true)
        tail = b.op("softplus", b.op("multiply", distance, b.constant(-2.0)))
        each = b.op("subtract", b.op("add", distance, tail), b.constant(math.log(2.0)))
        return last_mean(b, each)


@final
@metric("cosine_similarity")
class CosineSimilarityMetric(MeanMetric):
    """The mean cosine of the angle between truth and prediction: 1 for the same direction.

    sum(truth * prediction) / (|truth| * |prediction|) along an axis. Source: Keras'
    CosineSimilarity.
    """

    best: ClassVar[Literal["min", "max"] | None] = "max"

    axis: int = arg(default=-1, doc="The axis of the vectors.")

    def values(self, b: Builder, *operands: Value) -> Value:
        """The products of the vectors of length 1."""
        y_true, y_pred = matched(b, *operands)
        axis = own_axis(y_pred, self.axis, self.name)
        product = b.op("multiply", _unit(b, y_true, axis), _unit(b, y_pred, axis))
        return b.op("sum", product, axis=(axis,))


def _unit(b: Builder, x: Value, axis: int) -> Value:
    """Vectors made 1 long; those shorter than 1e-7 are divided by 1e-7."""
    squares = b.op("sum", b.op("square", x), axis=(axis,), keepdims=True)
    return b.op("multiply", x, b.op("minimum", b.op("rsqrt", squares), b.constant(1 / EPSILON)))
