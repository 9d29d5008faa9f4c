"""Losses on probabilities: crossentropies, divergence, counts."""

from __future__ import annotations

from typing import final

from kspec.ir import Builder, Value
from kspec.losses.base import Loss, arg, loss
from kspec.losses.operands import (
    as_float,
    check_smoothing,
    class_axis,
    last_mean,
    mean_along,
    same_rank,
    same_shape,
    smooth,
    smooth_classes,
    sparse_label,
)


@final
@loss("sparse_categorical_crossentropy")
class SparseCategoricalCrossentropy(Loss):
    """-log(prediction[truth]); truth is a class number.

    Probabilities are made to sum to 1 and clipped to [1e-7, 1 - 1e-7], as in Keras. Behind
    a softmax the compiler takes the loss from the logits, which needs no clipping.
    """

    from_logits: bool = arg(default=False, doc="Whether predictions come before a softmax.")
    ignore_class: int | None = arg(
        default=None, doc="A class number whose places do not count, not even in the mean."
    )
    axis: int = arg(default=-1, doc="The axis of the classes in predictions.")

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """One op, which gives 0 at ignored places."""
        return b.op(
            "sparse_categorical_crossentropy",
            sparse_label(b, y_true, y_pred, self.axis),
            y_pred,
            axis=class_axis(y_pred, self.axis),
            from_logits=self.from_logits,
            ignore_class=self.ignore_class,
        )

    def lower_batch(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """The mean over the batch is that over the places that count."""
        each = self.lower(b, y_true, y_pred)
        if self.ignore_class is None:
            return each
        label = sparse_label(b, y_true, y_pred, self.axis)
        ignored = b.constant(self.ignore_class, label.type.dtype)
        return b.op("scale_to_kept", each, b.op("not_equal", label, ignored), b.examples)


@final
@loss("categorical_crossentropy")
class CategoricalCrossentropy(Loss):
    """-sum(truth * log(prediction)); truth is a distribution over the classes.

    Smoothing: Szegedy et al., "Rethinking the Inception Architecture" (2015),
    arXiv:1512.00567. As in Keras it counts the classes on the last axis.
    """

    from_logits: bool = arg(default=False, doc="Whether predictions come before a softmax.")
    label_smoothing: float = arg(
        default=0.0, doc="The share of the truth that is spread over all classes."
    )
    axis: int = arg(default=-1, doc="The axis of the classes.")

    def check(self) -> str | None:
        """A share is between 0 and 1."""
        return check_smoothing(self.label_smoothing)

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """One op, after smoothing."""
        sparse = "sparse_categorical_crossentropy"
        truth, predicted = same_shape(b, y_true, y_pred, sparse=sparse)
        axis = class_axis(predicted, self.axis)
        truth = smooth_classes(b, truth, self.label_smoothing)
        return b.op(
            "categorical_crossentropy", truth, predicted, axis=axis, from_logits=self.from_logits
        )


@final
@loss("binary_crossentropy")
class BinaryCrossentropy(Loss):
    """-truth log(p) - (1 - truth) log(1 - p), averaged over an axis.

    Probabilities are clipped to [1e-7, 1 - 1e-7], as in Keras. Behind a sigmoid the compiler
    takes the loss from the logits, which needs no clipping.
    """

    from_logits: bool = arg(default=False, doc="Whether predictions come before a sigmoid.")
    label_smoothing: float = arg(default=0.0, doc="How far the truth is moved towards 0.5.")
    axis: int = arg(default=-1, doc="The axis to average over.")

    def check(self) -> str | None:
        """A share is between 0 and 1."""
        return check_smoothing(self.label_smoothing)

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """One op, after smoothing, and a mean."""
        truth, predicted = same_shape(b, y_true, y_pred, keep_axis=self.axis != -1)
        truth = smooth(b, truth, self.label_smoothing, 0.5 * self.label_smoothing)
        each = b.op("binary_crossentropy", truth, predicted, from_logits=self.from_logits)
        return mean_along(b, each, self.axis)


@final
@loss("categorical_generalized_cross_entropy")
class CategoricalGeneralizedCrossEntropy(Loss):
    """(1 - prediction[truth] ** q) / q; truth is a class number, which may be wrong.

    Zhang and Sabuncu, "Generalized Cross Entropy Loss for Training Deep Neural Networks with
    Noisy Labels" (2018), arXiv:1805.07836.
    """

    q: float = arg(default=0.5, doc="From near 0, a crossentropy, to near 1, an absolute error.")

    def check(self) -> str | None:
        """Both ends are other losses."""
        return None if 0 < self.q < 1 else f"q must be in (0, 1), not {self.q}"

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """One op."""
        class_axis(y_pred, -1)
        label = sparse_label(b, y_true, y_pred)
        return b.op("categorical_generalized_cross_entropy", label, y_pred, q=self.q)


@final
@loss("kl_divergence")
class KLDivergence(Loss):
    """sum(truth * log(truth / prediction)) over the last axis, both clipped to [1e-7, 1].

    Kullback and Leibler, "On Information and Sufficiency" (1951).
    """

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """One op."""
        truth, predicted = same_shape(b, y_true, y_pred)
        class_axis(predicted, -1)
        return b.op("kl_divergence", truth, predicted)


@final
@loss("poisson")
class Poisson(Loss):
    """mean(prediction - truth * log(prediction + 1e-7)); truth counts, prediction is a rate.

    The negative log-likelihood of a Poisson distribution without log(truth!), as in Keras.
    """

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """One op and a mean."""
        y_true, y_pred = same_rank(b, y_true, y_pred)
        return last_mean(b, b.op("poisson_error", as_float(b, y_true, y_pred), y_pred))
