"""Batch normalization. The type rules."""

from __future__ import annotations

from kspec.ir.rules import Attrs, Types, arity, integer, op, require, require_float
from kspec.ir.types import TensorType


@op(
    "batch_norm",
    stage="graph",
    required=("axis", "momentum", "epsilon", "scale", "center"),
)
@op("batch_normalize", required=("axis", "epsilon", "scale", "center"))
def _batch_normalize(types: Types, attrs: Attrs) -> Types:
    arity(types, 3 + bool(attrs["scale"]) + bool(attrs["center"]), "batch normalization")
    x, *vectors = types
    require_float(x, "batch normalization")
    axis = integer(attrs, "axis")
    require(0 < axis < x.rank, f"{x} has no axis {axis} to normalize")
    for vector in vectors:
        require(vector.shape == (x.shape[axis],), f"{vector} is not of axis {axis} of {x}")
    return (x,)


@op("masked_moments", required=("axis",))
def _masked_moments(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "masked_moments")
    x, mask = types
    require_float(x, "moments")
    require(mask.shape == x.shape[:1], f"{mask} has not an entry for each example of {x}")
    each = TensorType(x.dtype, (x.shape[integer(attrs, "axis")],))
    return (each, each)


@op("moving_average", required=("momentum",))
def _moving_average(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "moving_average")
    require(types[0] == types[1], f"{types[0]} and {types[1]} differ")
    return types[:1]
