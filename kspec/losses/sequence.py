"""Losses on sequences whose places in time are not known."""

from __future__ import annotations

from typing import final

from kspec.ir import Builder, Value
from kspec.losses.base import Loss, loss


@final
@loss("ctc")
class CTC(Loss):
    """-log(probability of truth), whose labels may stand anywhere in time, in their order.

    That is the sum, over all ways to lay the labels out over the steps t, of
    prod(softmax(prediction)[t, label at t]); a label may last, and blanks may stand between.
    Truth is `i32[L]`, class numbers from 1 on, filled up with 0; prediction is `f32[T, classes]`,
    logits, of which class 0 is the blank. All T steps count.
    Graves et al., "Connectionist Temporal Classification" (2006).
    """

    def lower(self, b: Builder, y_true: Value, y_pred: Value) -> Value:
        """One op."""
        return b.op("ctc", y_true, y_pred)
