"""Losses of a whole batch, in which its examples mix. The type rules.

A mask is `f32[B]`: 1 for an example, 0 for a row that only fills the batch up.
"""

from __future__ import annotations

from kspec.ir.rules import (
    Attrs,
    Types,
    arity,
    integers,
    op,
    require,
    require_float,
    require_integer,
)
from kspec.ir.types import TensorType


@op("dice", mixes=True, required=("axis",))
@op("tversky", mixes=True, required=("axis", "alpha", "beta"))
def _overlap(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "an overlap")
    truth, predicted = types
    require_float(predicted, "a prediction")
    require(truth == predicted, f"truth {truth} and prediction {predicted} differ in type")
    axes = integers(attrs, "axis")
    require(all(0 <= axis < predicted.rank for axis in axes), f"{predicted} has no axis {axes}")
    rest = (size for axis, size in enumerate(predicted.shape) if axis not in axes)
    return (predicted.with_shape(tuple(rest)),)


@op("circle", mixes=True, required=("gamma", "margin", "remove_diagonal"))
def _circle(types: Types, attrs: Attrs) -> Types:
    arity(types, 3, "circle")
    label, embedding, mask = types
    require_integer(label, "circle")
    require_float(embedding, "circle")
    require(embedding.rank == 2, f"circle takes a vector an example, not {embedding}")
    require(label.rank == 1, f"circle takes a class number an example, not {label}")
    _require_mask(mask, label)
    return (TensorType(embedding.dtype, label.shape),)


@op("signed_labels", mixes=True)
def _signed_labels(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "signed_labels")
    require_float(types[0], "signed_labels")
    return types


@op("spread_over_rows")
def _spread_over_rows(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "spread_over_rows")
    value, mask = types
    require(value.rank == 0, f"spread_over_rows takes one number, not {value}")
    require(mask.rank == 1, f"spread_over_rows takes a mask, not {mask}")
    return (value.with_shape(mask.shape),)


@op("scale_to_kept", mixes=True)
def _scale_to_kept(types: Types, attrs: Attrs) -> Types:
    arity(types, 3, "scale_to_kept")
    each, kept, mask = types
    require_float(each, "scale_to_kept")
    require(kept.dtype == "bool", f"what is kept must be bool, not {kept}")
    require(kept.shape == each.shape, f"{each} and {kept} differ in shape")
    _require_mask(mask, each)
    return (each,)


def _require_mask(mask: TensorType, other: TensorType) -> None:
    fits = mask.rank == 1 and mask.dtype == "f32" and mask.shape == other.shape[:1]
    require(fits, f"{mask} is no mask for {other}")
