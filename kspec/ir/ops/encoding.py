"""Numbers of categories as vectors. The type rules."""

from __future__ import annotations

from kspec.ir.rules import Attrs, Types, integer, op, require, require_float, require_integer
from kspec.ir.types import TensorType


@op("count_categories", required=("depth", "most"))
def _count_categories(types: Types, attrs: Attrs) -> Types:
    """How often each category is among those of an example: i32[B,n] -> f32[B,depth].

    A second operand weighs each. `most` is 1 where a category only is there or not, 0 for no
    limit. Numbers outside of 0 to depth are none.
    """
    require(len(types) in (1, 2), f"count_categories takes 1 or 2 operands, not {len(types)}")
    require_integer(types[0], "count_categories")
    require(types[0].rank == 2, f"a row of numbers an example is needed, not {types[0]}")
    if len(types) == 2:
        require_float(types[1], "a weight")
        require(types[1].shape == types[0].shape, f"{types[0]} has not the shape of {types[1]}")
    return (TensorType("f32", (types[0].shape[0], integer(attrs, "depth"))),)
