"""Probabilities: how far predicted distributions are from the truth."""

from __future__ import annotations

from typing import Final, final

from kspec.ir import Builder, Value
from kspec.losses.operands import last_mean, sparse_label
from kspec.losses.probabilistic import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from kspec.metrics.base import MeanMetric, arg, metric
from kspec.metrics.operands import axis_at_end, classes_of, matched, to_f32, to_i32
from kspec.ops.base import axis_of

EPSILON: Final = 1e-7  # what Keras adds or clips to


@final
@metric("sparse_categorical_crossentropy")
class SparseCategoricalCrossentropyMetric(MeanMetric):
    """The mean of -log of the probability given to the true class; truth is a class number.

    Source: Keras' SparseCategoricalCrossentropy.
    """

    from_logits: bool = arg(default=False, doc="Whether predictions come before a softmax.")
    ignore_class: int | None = arg(
        default=None, doc="A class number whose examples, steps or pixels do not count."
    )
    axis: int = arg(default=-1, doc="The axis of the classes.")

    def values(self, b: Builder, *operands: Value) -> Value:
        """The loss, with the classes at the end."""
        y_true, y_pred = operands
        y_pred = to_f32(b, y_pred)
        if y_true.type.rank == y_pred.type.rank:
            y_true = axis_at_end(b, y_true, self.axis)
        y_pred = axis_at_end(b, y_pred, self.axis)
        rule = SparseCategoricalCrossentropy(from_logits=self.from_logits)
        return rule.lower(b, sparse_label(b, y_true, y_pred), y_pred)

    def counted(self, b: Builder, *operands: Value, weight: Value) -> tuple[Value, Value | None]:
        """The values, and where a class is that is not ignored."""
        del weight
        if self.ignore_class is None:
            return self.values(b, *operands), None
        label = to_i32(b, operands[0])
        counts = b.op("not_equal", label, b.constant(self.ignore_class, "i32"))
        known = b.op("select", counts, label, b.constant(0, "i32"))
        each = self.values(b, known, operands[1])
        if counts.type.shape != each.type.shape:
            counts = b.op("squeeze", counts, axis=axis_of(counts, self.axis))
        return each, counts


@final
@metric("categorical_crossentropy")
class CategoricalCrossentropyMetric(MeanMetric):
    """The mean of -sum(truth * log(prediction)); truth is a distribution over the classes.

    Source: Keras' CategoricalCrossentropy.
    """

    from_logits: bool = arg(default=False, doc="Whether predictions come before a softmax.")
    label_smoothing: float = arg(default=0.0, doc="The share that is spread over all classes.")
    axis: int = arg(default=-1, doc="The axis of the classes.")

    def check(self) -> str | None:
        """A share is between 0 and 1."""
        return _check_smoothing(self.label_smoothing)

    def values(self, b: Builder, *operands: Value) -> Value:
        """The loss."""
        y_true, y_pred = matched(b, *operands)
        rule = CategoricalCrossentropy(
            from_logits=self.from_logits,
            label_smoothing=self.label_smoothing,
            axis=axis_of(y_pred, self.axis),
        )
        return rule.lower(b, y_true, y_pred)


@final
@metric("binary_crossentropy")
class BinaryCrossentropyMetric(MeanMetric):
    """The mean of -truth log(p) - (1 - truth) log(1 - p), for yes-or-no answers.

    Source: Keras' BinaryCrossentropy.
    """

    from_logits: bool = arg(default=False, doc="Whether predictions come before a sigmoid.")
    label_smoothing: float = arg(default=0.0, doc="How far the truth is moved towards 0.5.")

    def check(self) -> str | None:
        """A share is between 0 and 1."""
        return _check_smoothing(self.label_smoothing)

    def values(self, b: Builder, *operands: Value) -> Value:
        """The loss."""
        rule = BinaryCrossentropy(
            from_logits=self.from_logits, label_smoothing=self.label_smoothing
        )
        return rule.lower(b, *matched(b, *operands))


def _check_smoothing(amount: float) -> str | None:
    return None if 0 <= amount <= 1 else f"label_smoothing must be in [0, 1], not {amount}"


@final
@metric("kl_divergence")
class KLDivergenceMetric(MeanMetric):
    """The mean of sum(truth * log(truth / prediction)), both clipped to [1e-7, 1].

    Source: Kullback and Leibler, On Information and Sufficiency, 1951, as in Keras'
    KLDivergence.
    """

    def values(self, b: Builder, *operands: Value) -> Value:
        """The sum over the classes."""
        truth, prediction = matched(b, *operands)
        classes_of(prediction)
        truth, prediction = (b.op("clip", x, min=EPSILON, max=1.0) for x in (truth, prediction))
        log = b.op("log", b.op("divide", truth, prediction))
        return b.op("sum", b.op("multiply", truth, log), axis=(truth.type.rank - 1,))


@final
@metric("poisson")
class PoissonMetric(MeanMetric):
    """The mean of prediction - truth * log(prediction + 1e-7), for counts.

    Source: the likelihood of a Poisson distribution, as in Keras' Poisson.
    """

    def values(self, b: Builder, *operands: Value) -> Value:
        """The rule, averaged over the last axis."""
        truth, prediction = matched(b, *operands)
        log = b.op("log", b.op("add", prediction, b.constant(EPSILON)))
        return last_mean(b, b.op("subtract", prediction, b.op("multiply", truth, log)))
