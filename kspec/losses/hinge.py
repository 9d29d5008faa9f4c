"""Losses that ask for a margin: those of support vector machines."""

from __future__ import annotations

from typing import final

from kspec.ir import Builder, Value
from kspec.losses.base import Loss, loss
from kspec.losses.operands import (
    as_float,
    class_axis,
    last_mean,
    mask_rows,
    same_rank,
    same_shape,
)


def _lack(b: Builder, y_true: Value, y_pred: Value, mask: Value | None) -> Value:
    """`max(1 - truth * prediction, 0)`.

    Truth of nothing but 0 and 1 becomes -1 and 1. As the whole batch says which it is, rows
    that are no examples are made 0, which says nothing.
    """
    y_true, y_pred = same_rank(b, y_true, y_pred)
    truth = as_float(b, y_true, y_pred)
    if mask is not None:
        truth = mask_rows(b, truth, mask)
    product = b.op("multiply", b.op("signed_labels", truth), y_pred)
    lack = b.op("subtract", b.constant(1.0, product.type.dtype), product)
    return b.op("maximum", lack, b.constant(0.0, product.type.dtype))


@final
@loss("hinge")
class Hinge(Loss):
    """mean(max(1 - truth * prediction, 0)) over the last axis; truth is -1 or 1.

    Truth of 0 and 1 is taken as -1 and 1, as in Keras, if the batch has nothing else.
    Cortes and Vapnik, "Support-Vector Networks" (1995).
    """

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """What lacks to the margin, and a mean."""
        return last_mean(b, _lack(b, y_true, y_pred, None))

    def lower_batch(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """The same; only examples say what truth looks like."""
        return last_mean(b, _lack(b, y_true, y_pred, b.examples))


@final
@loss("squared_hinge")
class SquaredHinge(Loss):
    """mean(max(1 - truth * prediction, 0) ** 2) over the last axis; truth is -1 or 1.

    Truth of 0 and 1 is taken as -1 and 1, as in Keras, if the batch has nothing else.
    Chang and Lin, "LIBLINEAR" (2008), which calls it the L2 loss.
    """

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """What lacks to the margin, its square, and a mean."""
        return last_mean(b, b.op("square", _lack(b, y_true, y_pred, None)))

    def lower_batch(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """The same; only examples say what truth looks like."""
        return last_mean(b, b.op("square", _lack(b, y_true, y_pred, b.examples)))


@final
@loss("categorical_hinge")
class CategoricalHinge(Loss):
    """max(1 + max((1 - truth) * prediction) - sum(truth * prediction), 0); truth is one-hot.

    Crammer and Singer, "On the Algorithmic Implementation of Multiclass Kernel-based Vector
    Machines" (2001), in Keras' form.
    """

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """One op."""
        truth, predicted = same_shape(b, y_true, y_pred)
        class_axis(predicted, -1)
        return b.op("categorical_hinge", truth, predicted)
