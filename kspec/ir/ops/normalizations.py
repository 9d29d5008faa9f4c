"""Normalization of each example by itself, and of kernels. The type rules."""

from __future__ import annotations

from kspec.ir.rules import Attrs, Types, arity, integer, integers, op, require, require_float
from kspec.ir.types import Dim, TensorType


def _vectors(types: Types, attrs: Attrs, axes: tuple[int, ...], what: str) -> Types:
    """The operand, where the weights behind it have the sizes of its axes."""
    x, *weights = types
    require_float(x, what)
    require(bool(axes) and all(0 < axis < x.rank for axis in axes), f"{x} has no axis {axes}")
    shape: tuple[Dim, ...] = tuple(x.shape[axis] for axis in axes)
    for weight in weights:
        require(weight.shape == shape, f"{weight} is not of the axes {axes} of {x}")
    return (x,)


@op("layer_norm", "layer_norm_native", required=("axis", "epsilon", "scale", "center"))
def _layer_norm(types: Types, attrs: Attrs) -> Types:
    arity(types, 1 + bool(attrs["scale"]) + bool(attrs["center"]), "layer_norm")
    return _vectors(types, attrs, integers(attrs, "axis"), "layer normalization")


@op("rms_norm", required=("axis", "epsilon"))
def _rms_norm(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "rms_norm")
    return _vectors(types, attrs, integers(attrs, "axis"), "normalization by the mean square")


@op("group_norm", required=("groups", "axis", "epsilon", "scale", "center"))
def _group_norm(types: Types, attrs: Attrs) -> Types:
    arity(types, 1 + bool(attrs["scale"]) + bool(attrs["center"]), "group_norm")
    axis, groups = integer(attrs, "axis"), integer(attrs, "groups")
    result = _vectors(types, attrs, (axis,), "group normalization")
    channels = types[0].shape[axis]
    require(
        isinstance(channels, int) and groups > 0 and channels % groups == 0,
        f"{channels} channels do not divide into {groups} groups",
    )
    return result


@op("unit_norm", required=("axis", "epsilon"))
def _unit_norm(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "unit_norm")
    return _vectors(types, attrs, integers(attrs, "axis"), "a unit norm")


@op("spectral_norm", required=("iterations",))
def _spectral_norm(types: Types, attrs: Attrs) -> Types:
    """The kernel by its largest singular value, and the vector that found it."""
    arity(types, 2, "spectral_norm")
    kernel, vector = types
    require_float(kernel, "a spectral norm")
    require(
        vector == TensorType(kernel.dtype, (1, kernel.shape[-1])),
        f"{vector} is no row of as many columns as {kernel}",
    )
    return types
