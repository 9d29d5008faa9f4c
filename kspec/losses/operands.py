"""Bring truth and prediction together, by Keras' rules for what may be left out."""

from __future__ import annotations

from kspec.ir import Builder, Value


def same_rank(b: Builder, y_true: Value, y_pred: Value) -> tuple[Value, Value]:
    """Take a last axis of size 1 off the side that has one axis more."""
    if y_pred.type.rank == y_true.type.rank + 1 and y_pred.type.shape[-1] == 1:
        return y_true, b.op("squeeze", y_pred, axis=y_pred.type.rank - 1)
    if y_true.type.rank == y_pred.type.rank + 1 and y_true.type.shape[-1] == 1:
        return b.op("squeeze", y_true, axis=y_true.type.rank - 1), y_pred
    return y_true, y_pred


def as_float(b: Builder, y_true: Value, y_pred: Value) -> Value:
    """The truth in the prediction's element type."""
    if y_true.type.dtype == y_pred.type.dtype:
        return y_true
    return b.op("cast", y_true, dtype=y_pred.type.dtype)


def sparse_label(b: Builder, y_true: Value, y_pred: Value) -> Value:
    """Class numbers without an axis of size 1 at the end."""
    same = y_true.type.rank == y_pred.type.rank
    if same and y_true.type.shape[-1] == 1 and y_true.type.rank > 1:
        return b.op("squeeze", y_true, axis=y_true.type.rank - 1)
    return y_true


def last_mean(b: Builder, each: Value) -> Value:
    """The mean over the last axis; examples alone are left as they are."""
    if each.type.rank < 2:
        return each
    return b.op("mean", each, axis=(each.type.rank - 1,))


def smooth(b: Builder, truth: Value, amount: float, towards: float) -> Value:
    """`truth * (1 - amount) + towards`; nothing for an amount of 0."""
    if amount == 0:
        return truth
    dtype = truth.type.dtype
    kept = b.op("multiply", truth, b.constant(1.0 - amount, dtype))
    return b.op("add", kept, b.constant(towards, dtype))
