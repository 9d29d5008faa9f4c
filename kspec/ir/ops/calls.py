"""Several calls as one: their batches behind each other, and apart again. The type rules.

The batch of n calls is the axis `nB`, such as `2B`.
"""

from __future__ import annotations

from kspec.ir.rules import Attrs, Types, arity, integer, op, require
from kspec.ir.types import BATCH, TensorType


@op("join_calls")
def _join_calls(types: Types, attrs: Attrs) -> Types:
    """The batches of operands of one type behind each other."""
    require(len(types) > 1, "there is nothing to join")
    require(len(set(types)) == 1, "calls that are joined must have operands of one type")
    return (batch_of_calls(types[0], len(types)),)


@op("split_calls", required=("calls",))
def _split_calls(types: Types, attrs: Attrs) -> Types:
    """The batch of each call."""
    arity(types, 1, "split_calls")
    count = integer(attrs, "calls")
    joined = f"{count}{BATCH}"
    require(types[0].shape.count(joined) == 1, f"{types[0]} has no axis {joined}")
    shape = tuple(BATCH if size == joined else size for size in types[0].shape)
    return (types[0].with_shape(shape),) * count


def batch_of_calls(type: TensorType, count: int) -> TensorType:
    """The type with the batch of so many calls in the place of that of one.

    Raises:
        TypeRuleError: It has no batch axis.
    """
    require(type.shape.count(BATCH) == 1, f"{type} has no batch axis")
    joined = f"{count}{BATCH}"
    return type.with_shape(tuple(joined if size == BATCH else size for size in type.shape))
