"""Tensors made from numbers alone. The type rules."""

from __future__ import annotations

import math
from typing import cast

from kspec.ir.core import Attr
from kspec.ir.rules import Attrs, Types, arity, element_type, integer, op, require
from kspec.ir.types import Shape, TensorType


@op("array", required=("value",), dtype="f32")
def _array(types: Types, attrs: Attrs) -> Types:
    arity(types, 0, "an array")
    return (TensorType(element_type(attrs), _shape(attrs["value"])),)


def _shape(value: Attr) -> Shape:
    """The shape of a nested tuple, whose parts must be of one shape."""
    if not isinstance(value, tuple):
        return ()
    require(len(value) > 0, "an array has at least one element")
    inner = {_shape(item) for item in value}
    require(len(inner) == 1, "the rows of an array have different lengths")
    return (len(value), *inner.pop())


@op("full", required=("shape", "value"), dtype="f32")
def _full(types: Types, attrs: Attrs) -> Types:
    arity(types, 0, "full")
    return (TensorType(element_type(attrs), cast("Shape", attrs["shape"])),)


@op("full_like", required=("value",))
def _full_like(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "full_like")
    return types


@op("arange", required=("start", "stop", "step"), dtype="i32")
def _arange(types: Types, attrs: Attrs) -> Types:
    arity(types, 0, "arange")
    start, stop, step = (cast("float", attrs[name]) for name in ("start", "stop", "step"))
    require(step != 0, "a step of 0 goes nowhere")
    count = math.ceil((stop - start) / step)
    require(count > 0, f"from {start} to {stop} there is no number in steps of {step}")
    return (TensorType(element_type(attrs), (count,)),)


@op("linspace", "geomspace", required=("start", "stop", "num"), endpoint=True)
@op("logspace", required=("start", "stop", "num"), endpoint=True, base=10.0)
def _space(types: Types, attrs: Attrs) -> Types:
    arity(types, 0, "a row of numbers")
    return (TensorType("f32", (integer(attrs, "num"),)),)


@op("eye", "tri", required=("N", "M"), k=0)
def _eye(types: Types, attrs: Attrs) -> Types:
    arity(types, 0, "a matrix of zeros and ones")
    return (TensorType("f32", (integer(attrs, "N"), integer(attrs, "M"))),)


@op("bartlett", "blackman", "hamming", "hanning", required=("M",))
@op("kaiser", required=("M", "beta"))
def _window(types: Types, attrs: Attrs) -> Types:
    arity(types, 0, "a window")
    return (TensorType("f32", (integer(attrs, "M"),)),)
