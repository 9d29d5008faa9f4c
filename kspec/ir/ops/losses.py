"""Crossentropies. The type rules."""

from __future__ import annotations

from kspec.ir.rules import Attrs, Types, arity, integer, op, require, require_float, require_integer
from kspec.ir.types import TensorType


@op("sparse_categorical_crossentropy", from_logits=False)
def _sparse_categorical_crossentropy(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "a crossentropy")
    label, predicted = types
    require(
        label.dtype != "f32" or label.shape != predicted.shape,
        f"labels {label} are one-hot: that is `categorical_crossentropy`",
    )
    require_integer(label, "a sparse label")
    require_float(predicted, "a prediction")
    vectors = "\n`flatten` or a pooling makes one vector of each example"
    require(
        label.shape == predicted.shape[:-1],
        f"labels {label} do not fit predictions {predicted}: all axes but the last must agree"
        f"{vectors if label.rank < predicted.rank - 1 else ''}",
    )
    return (TensorType(predicted.dtype, label.shape),)


@op("categorical_crossentropy", required=("axis",), from_logits=False)
def _categorical_crossentropy(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "a crossentropy")
    truth, predicted = types
    require(
        truth.shape == predicted.shape,
        f"truth {truth} and prediction {predicted} differ in shape; "
        "class numbers are for `sparse_categorical_crossentropy`",
    )
    require(truth.dtype == predicted.dtype, f"{truth} and {predicted} differ in element type")
    axis = integer(attrs, "axis")
    require(0 < axis < predicted.rank, f"{predicted} has no axis {axis} of classes")
    return (predicted.with_shape((*predicted.shape[:axis], *predicted.shape[axis + 1 :])),)


@op("binary_crossentropy", from_logits=False)
def _binary_crossentropy(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "a crossentropy")
    truth, predicted = types
    require_float(predicted, "a prediction")
    require(truth == predicted, f"truth {truth} and prediction {predicted} differ")
    return (predicted,)
