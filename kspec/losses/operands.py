"""Bring truth and prediction together, by Keras' rules for what may be left out."""

from __future__ import annotations

from kspec.ir import Builder, TypeRuleError, Value


def same_rank(
    b: Builder, y_true: Value, y_pred: Value, *, keep_axis: bool = False
) -> tuple[Value, Value]:
    """Take a last axis of size 1 off the side that has one axis more.

    Args:
        b: The builder.
        y_true: What is true.
        y_pred: What was predicted.
        keep_axis: Whether to give the other side such an axis instead, if it has none but
            the batch axis: for losses in which the last axis matters.
    """
    if y_pred.type.rank == y_true.type.rank + 1 and y_pred.type.shape[-1] == 1:
        y_pred, y_true = _fit(b, y_pred, y_true, keep_axis)
    elif y_true.type.rank == y_pred.type.rank + 1 and y_true.type.shape[-1] == 1:
        y_true, y_pred = _fit(b, y_true, y_pred, keep_axis)
    return y_true, y_pred


def _fit(b: Builder, longer: Value, shorter: Value, keep_axis: bool) -> tuple[Value, Value]:
    if keep_axis and shorter.type.rank == 1:
        return longer, b.op("expand_dims", shorter, axis=1)
    return b.op("squeeze", longer, axis=longer.type.rank - 1), shorter


def as_float(b: Builder, y_true: Value, y_pred: Value) -> Value:
    """The truth in the prediction's element type."""
    if y_true.type.dtype == y_pred.type.dtype:
        return y_true
    return b.op("cast", y_true, dtype=y_pred.type.dtype)


def same_shape(
    b: Builder, y_true: Value, y_pred: Value, *, keep_axis: bool = True, sparse: str = ""
) -> tuple[Value, Value]:
    """Truth and prediction in one shape and element type.

    Args:
        b: The builder.
        y_true: What is true.
        y_pred: What was predicted.
        keep_axis: As for `same_rank`.
        sparse: The loss that takes class numbers instead, if there is one.

    Raises:
        TypeRuleError: They differ in shape.
    """
    truth, predicted = same_rank(b, y_true, y_pred, keep_axis=keep_axis)
    if truth.type.shape == predicted.type.shape:
        return as_float(b, truth, predicted), predicted
    label = sparse_label(b, truth, predicted)
    message = f"truth {y_true.type} and prediction {y_pred.type} differ in shape"
    if not label.type.is_float and label.type.shape == predicted.type.shape[:-1]:
        classes = predicted.type.shape[-1]
        message += f": `one_hot({y_true.hint}, {classes})` makes class numbers fit"
        message += f", `{sparse}` takes them as they are" if sparse else ""
    raise TypeRuleError(message)


def sparse_label(b: Builder, y_true: Value, y_pred: Value, axis: int = -1) -> Value:
    """Class numbers without an axis of size 1 where predictions have the classes."""
    rank = y_true.type.rank
    if rank != y_pred.type.rank or rank < 2:
        return y_true
    for place in (axis % rank, rank - 1):
        if y_true.type.shape[place] == 1:
            return b.op("squeeze", y_true, axis=place)
    return y_true


def class_axis(y_pred: Value, axis: int) -> int:
    """The axis of the classes, counted from 0. Raises TypeRuleError if it cannot be one."""
    rank = y_pred.type.rank
    if not -rank <= axis < rank:
        raise TypeRuleError(f"prediction {y_pred.type} has no axis {axis}")
    if axis % rank == 0:
        which = f"axis {axis} of prediction {y_pred.type}"
        raise TypeRuleError(f"{which} is the batch axis: examples do not mix")
    return axis % rank


def last_mean(b: Builder, each: Value) -> Value:
    """The mean over the last axis; examples alone are left as they are."""
    if each.type.rank < 2:
        return each
    return b.op("mean", each, axis=(each.type.rank - 1,))


def mean_along(b: Builder, each: Value, axis: int) -> Value:
    """The mean over an axis; that over the batch axis is left to the training step."""
    rank = each.type.rank
    if not -rank <= axis < rank:
        raise TypeRuleError(f"prediction {each.type} has no axis {axis}")
    return each if axis % rank == 0 else b.op("mean", each, axis=(axis % rank,))


def smooth(b: Builder, truth: Value, amount: float, towards: float) -> Value:
    """`truth * (1 - amount) + towards`; nothing for an amount of 0."""
    if amount == 0:
        return truth
    dtype = truth.type.dtype
    kept = b.op("multiply", truth, b.constant(1.0 - amount, dtype))
    return b.op("add", kept, b.constant(towards, dtype))


def smooth_classes(b: Builder, truth: Value, amount: float) -> Value:
    """The truth with a share spread over the classes of its last axis."""
    classes = truth.type.shape[-1]
    if amount and not isinstance(classes, int):
        raise TypeRuleError(f"the axis {classes} of classes has no fixed size")
    return smooth(b, truth, amount, amount / classes if isinstance(classes, int) else 0)


def check_smoothing(amount: float) -> str | None:
    """What is wrong with `label_smoothing`, or None."""
    return None if 0 <= amount <= 1 else f"label_smoothing must be in [0, 1], not {amount}"


def mask_rows(b: Builder, x: Value, mask: Value) -> Value:
    """`x` with 0 in each row that only fills the batch up.

    Args:
        b: The builder.
        x: `f32[B,...]`.
        mask: `f32[B]` of 0 and 1.
    """
    shape = (*mask.type.shape, *[1] * (x.type.rank - 1))
    rows = mask if x.type.rank == 1 else b.op("reshape", mask, hint="real", shape=shape)
    return b.op("multiply", x, as_float(b, rows, x))
