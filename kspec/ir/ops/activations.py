"""Activations that are more than one formula of other ops. The type rules."""

from __future__ import annotations

from kspec.ir.rules import Attrs, Types, axis_of, fixed, floating, op, require, require_float
from kspec.ir.types import TensorType

op("hard_tanh", "sparse_plus", "sparse_sigmoid")(floating)
op("squareplus", b=4.0)(floating)


@op("sparsemax", required=("axis",))
def _sparsemax(types: Types, attrs: Attrs) -> Types:
    floating(types, attrs)
    fixed(types[0], axis_of(types[0], attrs))
    return types


@op("glu", required=("axis",))
def _glu(types: Types, attrs: Attrs) -> Types:
    (x,) = types
    require_float(x, "glu")
    axis = axis_of(x, attrs)
    size = fixed(x, axis)
    require(size % 2 == 0, f"glu halves axis {axis} of {x}, and {size} is odd")
    return (TensorType(x.dtype, (*x.shape[:axis], size // 2, *x.shape[axis + 1 :])),)
