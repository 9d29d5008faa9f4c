"""Logic, element by element. The type rules."""

from __future__ import annotations

from kspec.ir.rules import Attrs, Types, arity, broadcast, op, reduced, require
from kspec.ir.types import TensorType


@op("logical_not")
def _not(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "logic")
    require(types[0].dtype == "bool", f"true or false is needed, not {types[0]}")
    return types


@op("logical_and", "logical_or", "logical_xor")
def _logic(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "logic")
    for type in types:
        require(type.dtype == "bool", f"true or false is needed, not {type}")
    return (TensorType("bool", broadcast(*types)),)


@op("any", "all", required=("axis",), keepdims=False)
def _reduce(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "a reduction")
    require(types[0].dtype == "bool", f"true or false is needed, not {types[0]}")
    return (TensorType("bool", reduced(types[0], attrs)),)


@op("ones_mask")
def _ones_mask(types: Types, attrs: Attrs) -> Types:
    """A mask by which all time steps of the operand count."""
    arity(types, 1, "a mask")
    require(types[0].rank > 1, f"{types[0]} has no time steps")
    return (TensorType("bool", types[0].shape[:2]),)


@op("length_mask")
def _length_mask(types: Types, attrs: Attrs) -> Types:
    """A mask by which the first time steps of each example count, as many as its length says."""
    arity(types, 2, "a mask of lengths")
    x, length = types
    require(x.rank > 1, f"{x} has no time steps")
    require(length == TensorType("i32", x.shape[:1]), f"lengths are i32[B], not {length}")
    return (TensorType("bool", x.shape[:2]),)
