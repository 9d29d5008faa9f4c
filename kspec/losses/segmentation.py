"""Losses on how much a predicted region overlaps the true one.

Without an axis, Keras sums over the whole batch: there is one number a batch. So that each
example can have a number, all get that one; rows that are no examples are summed as 0.
"""

from __future__ import annotations

from typing import Any, final

from kspec.ir import Builder, TypeRuleError, Value
from kspec.losses.base import Loss, arg, loss
from kspec.losses.operands import mask_rows, same_shape


def _overlap(
    b: Builder,
    op: str,
    tensors: tuple[Value, Value, Value],
    axis: int | tuple[int, ...] | None,
    **attrs: Any,
) -> Value:
    """Write a loss of sums over axes; `tensors` are truth, prediction and mask."""
    y_true, y_pred, mask = tensors
    truth, predicted = same_shape(b, y_true, y_pred)
    axes = _axes(predicted, axis)
    if 0 not in axes:
        return b.op(op, truth, predicted, axis=axes, **attrs)
    truth, predicted = mask_rows(b, truth, mask), mask_rows(b, predicted, mask)
    each = b.op(op, truth, predicted, axis=axes, **attrs)
    if each.type.rank:
        each = b.op("mean", each, axis=tuple(range(each.type.rank)))
    return b.op("spread_over_rows", each, mask)


def _axes(predicted: Value, axis: int | tuple[int, ...] | None) -> tuple[int, ...]:
    """Axes counted from 0, the batch axis included; all of them for None."""
    rank = predicted.type.rank
    if axis is None:
        return tuple(range(rank))
    given = (axis,) if isinstance(axis, int) else axis
    for each in given:
        if not -rank <= each < rank:
            raise TypeRuleError(f"prediction {predicted.type} has no axis {each}")
    axes = sorted(each % rank for each in given)
    if len(set(axes)) != len(axes):
        raise TypeRuleError(f"an axis is there twice: {axis}")
    return tuple(axes)


@final
@loss("dice")
class Dice(Loss):
    """How little regions overlap: 1 - 2 sum(t * p) / (sum(t) + sum(p) + 1e-7).

    t is the truth, p the prediction, both of numbers in [0, 1].
    Milletari, Navab and Ahmadi, "V-Net" (2016), arXiv:1606.04797, in Keras' form.
    """

    axis: int | tuple[int, ...] | None = arg(
        default=None, doc="The axes to sum over, the batch axis 0 included; all where none."
    )

    def lower_batch(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """One op; where it sums over the batch, every row gets the same number."""
        return _overlap(b, "dice", (y_true, y_pred, b.examples), self.axis)


@final
@loss("tversky")
class Tversky(Loss):
    """How little regions overlap: 1 - both / (both + alpha * missed + beta * invented + 1e-7).

    both = sum(t * p), missed = sum(t * (1 - p)) and invented = sum((1 - t) * p) for truth t and
    prediction p, numbers in [0, 1]. alpha = beta = 0.5 is `dice`.
    Salehi et al., "Tversky Loss Function for Image Segmentation" (2017), arXiv:1706.05721.
    """

    alpha: float = arg(default=0.5, doc="The weight of what is true and was not predicted.")
    beta: float = arg(default=0.5, doc="The weight of what was predicted and is not true.")
    axis: int | tuple[int, ...] | None = arg(
        default=None, doc="The axes to sum over, the batch axis 0 included; all where none."
    )

    def check(self) -> str | None:
        """Weights are no less than 0."""
        for name, weight in (("alpha", self.alpha), ("beta", self.beta)):
            if weight < 0:
                return f"{name} must be at least 0, not {weight}"
        return None

    def lower_batch(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """One op; where it sums over the batch, every row gets the same number."""
        tensors = y_true, y_pred, b.examples
        return _overlap(b, "tversky", tensors, self.axis, alpha=self.alpha, beta=self.beta)
