"""Hinges: how far a score is on the wrong side of a margin."""

from __future__ import annotations

from typing import final

from kspec.ir import Builder, Value
from kspec.losses.operands import last_mean
from kspec.metrics.base import MeanMetric, metric
from kspec.metrics.operands import classes_of, matched


class _Hinge(MeanMetric):
    """A rule of max(1 - truth * prediction, 0), with a truth of -1 and 1."""

    def counted(self, b: Builder, *operands: Value, weight: Value) -> tuple[Value, Value | None]:
        """The values, after a truth of 0 and 1 was made one of -1 and 1.

        Whether it is such a truth is seen in the batch's examples, as in Keras; those that
        do not count, with weight 0, are not looked at.
        """
        y_true, y_pred = matched(b, *operands)
        return self.values(b, b.op("signs_of_bits", y_true, weight), y_pred), None

    def margin(self, b: Builder, *operands: Value) -> Value:
        """max(1 - truth * prediction, 0)."""
        y_true, y_pred = operands
        short = b.op("subtract", b.constant(1.0), b.op("multiply", y_true, y_pred))
        return b.op("maximum", short, b.constant(0.0))


@final
@metric("hinge")
class HingeMetric(_Hinge):
    """How far scores are on the wrong side of a margin of 1; truth is -1 and 1, or 0 and 1.

    mean(max(1 - truth * prediction, 0)). Source: Keras' Hinge.
    """

    def values(self, b: Builder, *operands: Value) -> Value:
        """The margins' mean over the last axis."""
        return last_mean(b, self.margin(b, *operands))


@final
@metric("squared_hinge")
class SquaredHingeMetric(_Hinge):
    """The hinge squared, so that far is much worse; truth is -1 and 1, or 0 and 1.

    mean(max(1 - truth * prediction, 0) ** 2). Source: Keras' SquaredHinge.
    """

    def values(self, b: Builder, *operands: Value) -> Value:
        """The squared margins' mean over the last axis."""
        return last_mean(b, b.op("square", self.margin(b, *operands)))


@final
@metric("categorical_hinge")
class CategoricalHingeMetric(MeanMetric):
    """How far the true class is from being 1 above the others; truth is one-hot.

    mean(max(max((1 - truth) * prediction) - sum(truth * prediction) + 1, 0)). Source: Keras'
    CategoricalHinge.
    """

    def values(self, b: Builder, *operands: Value) -> Value:
        """The distance of the two scores, and the margin of 1."""
        y_true, y_pred = matched(b, *operands)
        classes_of(y_pred)
        last = (y_pred.type.rank - 1,)
        right = b.op("sum", b.op("multiply", y_true, y_pred), axis=last)
        others = b.op("subtract", b.constant(1.0), y_true)
        wrong = b.op("max", b.op("multiply", others, y_pred), axis=last)
        gap = b.op("add", b.op("subtract", wrong, right), b.constant(1.0))
        return b.op("maximum", gap, b.constant(0.0))
