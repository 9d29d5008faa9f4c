"""Losses as metrics: the mean of the loss of the same name over a split."""

from __future__ import annotations

from typing import final

from kspec.ir import Builder, Value
from kspec.losses.probabilistic import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from kspec.losses.regression import MeanAbsoluteError, MeanSquaredError
from kspec.metrics.base import MeanMetric, arg, metric


@final
@metric("sparse_categorical_crossentropy")
class SparseCategoricalCrossentropyMetric(MeanMetric):
    """The mean crossentropy against class numbers."""

    from_logits: bool = arg(default=False, doc="Whether predictions come before a softmax.")

    def values(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """The loss."""
        return SparseCategoricalCrossentropy(from_logits=self.from_logits).lower(b, y_true, y_pred)


@final
@metric("categorical_crossentropy")
class CategoricalCrossentropyMetric(MeanMetric):
    """The mean crossentropy against distributions."""

    from_logits: bool = arg(default=False, doc="Whether predictions come before a softmax.")
    label_smoothing: float = arg(default=0.0, doc="The share that is spread over all classes.")

    def values(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """The loss."""
        rule = CategoricalCrossentropy(
            from_logits=self.from_logits, label_smoothing=self.label_smoothing
        )
        return rule.lower(b, y_true, y_pred)


@final
@metric("binary_crossentropy")
class BinaryCrossentropyMetric(MeanMetric):
    """The mean crossentropy of yes-or-no answers."""

    from_logits: bool = arg(default=False, doc="Whether predictions come before a sigmoid.")
    label_smoothing: float = arg(default=0.0, doc="How far the truth is moved towards 0.5.")

    def values(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """The loss."""
        rule = BinaryCrossentropy(
            from_logits=self.from_logits, label_smoothing=self.label_smoothing
        )
        return rule.lower(b, y_true, y_pred)


@final
@metric("mean_squared_error")
class MeanSquaredErrorMetric(MeanMetric):
    """The mean of (prediction - truth) ** 2."""

    def values(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """The loss."""
        return MeanSquaredError().lower(b, y_true, y_pred)


@final
@metric("mean_absolute_error")
class MeanAbsoluteErrorMetric(MeanMetric):
    """The mean of abs(prediction - truth)."""

    def values(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """The loss."""
        return MeanAbsoluteError().lower(b, y_true, y_pred)
