"""Losses on probabilities: the crossentropies."""

from __future__ import annotations

from typing import final

from kspec.ir import Builder, TypeRuleError, Value
from kspec.losses.base import Loss, arg, loss
from kspec.losses.operands import as_float, last_mean, same_rank, smooth, sparse_label


def _check_smoothing(amount: float) -> str | None:
    return None if 0 <= amount <= 1 else f"label_smoothing must be in [0, 1], not {amount}"


@final
@loss("sparse_categorical_crossentropy")
class SparseCategoricalCrossentropy(Loss):
    """-log of the probability given to the true class; truth is a class number.

    Probabilities are made to sum to 1 and clipped to [1e-7, 1 - 1e-7], as in Keras. Behind
    a softmax the compiler takes the loss from the logits, which needs no clipping.
    """

    from_logits: bool = arg(default=False, doc="Whether predictions come before a softmax.")

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """One op."""
        label = sparse_label(b, y_true, y_pred)
        return b.op("sparse_categorical_crossentropy", label, y_pred, from_logits=self.from_logits)


@final
@loss("categorical_crossentropy")
class CategoricalCrossentropy(Loss):
    """-sum(truth * log(prediction)); truth is a distribution over the classes."""

    from_logits: bool = arg(default=False, doc="Whether predictions come before a softmax.")
    label_smoothing: float = arg(
        default=0.0, doc="The share of the truth that is spread over all classes."
    )
    axis: int = arg(default=-1, doc="The axis of the classes.")

    def check(self) -> str | None:
        """A share is between 0 and 1."""
        return _check_smoothing(self.label_smoothing)

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """One op, after smoothing."""
        axis = self.axis % max(1, y_pred.type.rank)
        truth = as_float(b, y_true, y_pred) if y_true.type.shape == y_pred.type.shape else y_true
        classes = y_pred.type.shape[axis]
        if not isinstance(classes, int):
            raise TypeRuleError(f"the axis {classes} of classes has no fixed size")
        truth = smooth(b, truth, self.label_smoothing, self.label_smoothing / classes)
        return b.op(
            "categorical_crossentropy", truth, y_pred, axis=axis, from_logits=self.from_logits
        )


@final
@loss("binary_crossentropy")
class BinaryCrossentropy(Loss):
    """-truth log(p) - (1 - truth) log(1 - p), averaged over the last axis."""

    from_logits: bool = arg(default=False, doc="Whether predictions come before a sigmoid.")
    label_smoothing: float = arg(default=0.0, doc="How far the truth is moved towards 0.5.")

    def check(self) -> str | None:
        """A share is between 0 and 1."""
        return _check_smoothing(self.label_smoothing)

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """One op, after smoothing, and a mean."""
        y_true, y_pred = same_rank(b, y_true, y_pred)
        truth = as_float(b, y_true, y_pred)
        truth = smooth(b, truth, self.label_smoothing, 0.5 * self.label_smoothing)
        each = b.op("binary_crossentropy", truth, y_pred, from_logits=self.from_logits)
        return last_mean(b, each)
