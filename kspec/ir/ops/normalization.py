"""Batch normalization. The type rules."""

from __future__ import annotations

from kspec.ir.rules import Attrs, Types, arity, integer, op, require, require_float
from kspec.ir.types import TensorType


@op("batch_norm", stage="graph", required=("axis", "momentum", "epsilon", "scale", "center"))
def _batch_norm(types: Types, attrs: Attrs) -> Types:
    """Operands: the tensor, two moving statistics, scale, shift, and a mask of time steps."""
    return _batch_normalize(_without_steps(types), attrs)


@op(
    "batch_renorm",
    stage="graph",
    required=("axis", "momentum", "epsilon", "scale", "center", "renorm_momentum"),
    rmin=None,
    rmax=None,
    dmax=None,
)
def _batch_renorm(types: Types, attrs: Attrs) -> Types:
    """As `batch_norm`, with the moving deviation and two statistics of corrections."""
    x, mean, variance, *others = _without_steps(types)
    for other in others[:3]:
        require(other == mean, f"statistics {mean} and {other} differ")
    return _batch_normalize((x, mean, variance, *others[3:]), attrs)


def _without_steps(types: Types) -> Types:
    x, last = types[0], types[-1]
    if last.dtype != "bool":
        return types
    require(
        last.rank < x.rank and last.shape == x.shape[: last.rank],
        f"a mask {last} does not fit {x}",
    )
    return types[:-1]


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
    """Over the real examples; where a mask of time steps is the third operand, over those."""
    x, mask, *_ = types
    arity(_without_steps(types), 2, "masked_moments")
    require_float(x, "moments")
    require(mask.shape == x.shape[:1], f"{mask} has not an entry for each example of {x}")
    each = TensorType(x.dtype, (x.shape[integer(attrs, "axis")],))
    return (each, each)


@op("moving_average", required=("momentum",))
def _moving_average(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "moving_average")
    require(types[0] == types[1], f"{types[0]} and {types[1]} differ")
    return types[:1]


@op("renorm_corrections", required=("epsilon",), rmin=None, rmax=None, dmax=None)
def _renorm_corrections(types: Types, attrs: Attrs) -> Types:
    """From a batch's mean and variance, and the moving mean and deviation."""
    arity(types, 4, "renorm_corrections")
    require(len(set(types)) == 1, f"moments {types[0]} and statistics {types[2]} differ")
    return types[:2]
