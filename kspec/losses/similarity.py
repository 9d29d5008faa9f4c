"""Losses on the angles between vectors."""

from __future__ import annotations

from typing import final

from kspec.ir import Builder, Value
from kspec.losses.base import Loss, arg, loss
from kspec.losses.operands import class_axis, same_shape, sparse_label


@final
@loss("cosine_similarity")
class CosineSimilarity(Loss):
    """-sum(truth * prediction) after both are made 1 long: from -1, alike, to 1, opposite.

    What is shorter than 1e-7 is multiplied by 1e7, as in Keras.
    """

    axis: int = arg(default=-1, doc="The axis of the vectors.")

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """The cosine, and its negative."""
        truth, predicted = same_shape(b, y_true, y_pred)
        axis = class_axis(predicted, self.axis)
        return b.op("negative", b.op("cosine_similarity", truth, predicted, axis=axis))


@final
@loss("circle")
class Circle(Loss):
    """Pull vectors of one class together, push others away: softplus(logsumexp(a) + logsumexp(n)).

    An example makes a pair with each other one of its batch. With the distance
    d = max(1 - cosine, 0) of a pair and the margin m, there is
    a = gamma * max(d + m, 0) * (d - m) for each pair of one class, and
    n = gamma * max(1 + m - d, 0) * (1 - m - d) for each other pair. The mean is over examples
    whose loss is above 0. Truth is a class number; the prediction is a vector of length 1.
    Sun et al., "Circle Loss" (2020), arXiv:2002.10857.
    """

    gamma: float = arg(default=80.0, doc="The scale of the similarities.")
    margin: float = arg(default=0.4, doc="How far apart pairs of two kinds should be.")
    remove_diagonal: bool = arg(default=True, doc="Whether an example makes no pair with itself.")

    def check(self) -> str | None:
        """A scale is positive."""
        return None if self.gamma > 0 else f"gamma must be positive, not {self.gamma}"

    def lower_batch(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """One op; examples without a loss leave the mean."""
        each = b.op(
            "circle",
            sparse_label(b, y_true, y_pred),
            y_pred,
            b.examples,
            gamma=self.gamma,
            margin=self.margin,
            remove_diagonal=self.remove_diagonal,
        )
        kept = b.op("greater", each, b.constant(0.0, each.type.dtype))
        return b.op("scale_to_kept", each, kept, b.examples)
