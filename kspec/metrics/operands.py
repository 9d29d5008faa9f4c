"""Bring truth, prediction and weight of a metric together. Metrics are computed in f32."""

from __future__ import annotations

from kspec.ir import Builder, TensorType, TypeRuleError, Value
from kspec.losses.operands import same_rank
from kspec.ops.base import axis_of


def to_f32(b: Builder, x: Value) -> Value:
    """Numbers and booleans in f32."""
    return x if x.type.dtype == "f32" else b.op("cast", x, dtype="f32")


def to_i32(b: Builder, x: Value) -> Value:
    """Class numbers in i32; fractions are cut off, as in Keras."""
    return x if x.type.dtype == "i32" else b.op("cast", x, dtype="i32")


def matched(b: Builder, y_true: Value, y_pred: Value) -> tuple[Value, Value]:
    """Truth and prediction in f32, of one shape.

    An axis of size 1 at the end of one of them may be left out, as in Keras.

    Raises:
        TypeRuleError: Their shapes differ.
    """
    truth, prediction = same_rank(b, y_true, y_pred)
    _check_same(truth.type, prediction.type)
    return to_f32(b, truth), to_f32(b, prediction)


def _check_same(truth: TensorType, prediction: TensorType) -> None:
    if truth.shape == prediction.shape:
        return
    if not truth.is_float and truth.shape == prediction.shape[:-1]:
        raise TypeRuleError(
            f"truth {truth} is class numbers, and prediction {prediction} has a number for each "
            "class: `one_hot` makes such numbers of the truth"
        )
    raise TypeRuleError(f"truth {truth} and prediction {prediction} differ in shape")


def classes_of(x: Value, what: str = "the prediction") -> int:
    """The size of the last axis.

    Raises:
        TypeRuleError: There is none beside the batch axis, or its size is not known.
    """
    size = x.type.shape[-1] if x.type.rank > 1 else None
    if not isinstance(size, int):
        raise TypeRuleError(f"{what} {x.type} has no axis of classes at its end")
    return size


def own_axis(x: Value, axis: int, name: str) -> int:
    """An axis of each example, counted from 0.

    Args:
        x: The operand.
        axis: As the author counts.
        name: The metric that works along it.

    Raises:
        TypeRuleError: There is none, or it is the batch axis.
    """
    if x.type.rank < 2:
        raise TypeRuleError(f"`{name}` is along an axis of each example, and {x.type} has none")
    return axis_of(x, axis)


def axis_at_end(b: Builder, x: Value, axis: int) -> Value:
    """The tensor with an axis moved to its end. Raises TypeRuleError for the batch axis."""
    place = axis_of(x, axis)
    order = [each for each in range(x.type.rank) if each != place]
    if place == x.type.rank - 1:
        return x
    return b.op("transpose", x, permutation=(*order, place))


def weigh(b: Builder, each: Value, weight: Value) -> Value:
    """The sum over the batch of numbers times their examples' weights."""
    return b.op("sum", b.op("multiply", each, weight), axis=(0,))


def spread(b: Builder, weight: Value, x: Value) -> Value:
    """The examples' weights with axes of size 1, so that they meet the elements of `x`."""
    if x.type.rank < 2:
        return weight
    return b.op("reshape", weight, shape=(*weight.type.shape, *(1,) * (x.type.rank - 1)))
