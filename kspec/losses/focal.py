"""Focal losses: crossentropies that look at the examples that are still wrong.

Lin et al., "Focal Loss for Dense Object Detection" (2017), arXiv:1708.02002.
"""

from __future__ import annotations

from typing import final

from kspec.ir import Builder, Value
from kspec.losses.base import Loss, arg, loss
from kspec.losses.operands import (
    check_smoothing,
    class_axis,
    mean_along,
    same_shape,
    smooth,
    smooth_classes,
)


def _check_gamma(gamma: float) -> str | None:
    return None if gamma >= 0 else f"gamma must be at least 0, not {gamma}"


@final
@loss("binary_focal_crossentropy")
class BinaryFocalCrossentropy(Loss):
    """(1 - right) ** gamma * binary crossentropy, averaged over an axis.

    right is p where the truth is 1, and 1 - p where it is 0. Class balancing multiplies
    by alpha where the truth is 1, and by 1 - alpha where it is 0.
    Lin et al., "Focal Loss for Dense Object Detection" (2017), arXiv:1708.02002.
    """

    apply_class_balancing: bool = arg(default=False, doc="Whether to weigh by `alpha`.")
    alpha: float = arg(default=0.25, doc="The weight of what is true.")
    gamma: float = arg(default=2.0, doc="How little what is right already counts.")
    from_logits: bool = arg(default=False, doc="Whether predictions come before a sigmoid.")
    label_smoothing: float = arg(default=0.0, doc="How far the truth is moved towards 0.5.")
    axis: int = arg(default=-1, doc="The axis to average over.")

    def check(self) -> str | None:
        """Weights are no less than 0."""
        if not 0 <= self.alpha <= 1:
            return f"alpha must be in [0, 1], not {self.alpha}"
        return _check_gamma(self.gamma) or check_smoothing(self.label_smoothing)

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """One op, after smoothing, and a mean."""
        truth, predicted = same_shape(b, y_true, y_pred, keep_axis=self.axis != -1)
        each = b.op(
            "binary_focal_crossentropy",
            smooth(b, truth, self.label_smoothing, 0.5 * self.label_smoothing),
            predicted,
            alpha=self.alpha if self.apply_class_balancing else None,
            gamma=self.gamma,
            from_logits=self.from_logits,
        )
        return mean_along(b, each, self.axis)


@final
@loss("categorical_focal_crossentropy")
class CategoricalFocalCrossentropy(Loss):
    """-sum(alpha * (1 - prediction) ** gamma * truth * log(prediction)).

    Truth is a distribution over the classes. Smoothing counts the classes on the last axis.
    Lin et al., "Focal Loss for Dense Object Detection" (2017), arXiv:1708.02002.
    """

    alpha: float | tuple[float, ...] = arg(
        default=0.25, doc="The weight of all classes, or one for each place of the last axis."
    )
    gamma: float = arg(default=2.0, doc="How little what is right already counts.")
    from_logits: bool = arg(default=False, doc="Whether predictions come before a softmax.")
    label_smoothing: float = arg(
        default=0.0, doc="The share of the truth that is spread over all classes."
    )
    axis: int = arg(default=-1, doc="The axis of the classes.")

    def check(self) -> str | None:
        """Weights are no less than 0."""
        weights = self.alpha if isinstance(self.alpha, tuple) else (self.alpha,)
        if any(weight < 0 for weight in weights):
            return f"alpha must be at least 0, not {min(weights)}"
        return _check_gamma(self.gamma) or check_smoothing(self.label_smoothing)

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """One op, after smoothing."""
        truth, predicted = same_shape(b, y_true, y_pred)
        return b.op(
            "categorical_focal_crossentropy",
            smooth_classes(b, truth, self.label_smoothing),
            predicted,
            alpha=self.alpha,
            axis=class_axis(predicted, self.axis),
            gamma=self.gamma,
            from_logits=self.from_logits,
        )
