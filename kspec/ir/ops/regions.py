"""Ops with a body, which is done over and over. The type rules.

A body is a function whose parameters stand for slices of the operands. It may use values
that are defined around its op.
"""

from __future__ import annotations

from kspec.ir.core import Func
from kspec.ir.rules import Attrs, Types, integer, op, region_op, require
from kspec.ir.types import Dim, TensorType


@region_op(
    "scan",
    required=("carries",),
    reverse=False,
    length=None,
    unroll=False,
    recompute=False,
)
def _scan(types: Types, attrs: Attrs, body: Func) -> Types:
    """`jax.lax.scan`: carried values first, then sequences, whose axis 0 is gone through.

    The body takes the carried values and a slice of each sequence, and returns the new
    carried values, `carry.0`, ..., and what is stacked, `y.0`, .... The op gives the last
    carried values, and the stacks. Without a sequence, `length` is the number of rounds.
    With `recompute`, the backward pass computes each round again, and keeps what is carried.
    """
    count = integer(attrs, "carries")
    carries, sequences = types[:count], types[count:]
    for each in sequences:
        require(each.rank > 0, f"{each} is no sequence")
    lengths: set[Dim] = {each.shape[0] for each in sequences}
    length = attrs["length"]
    if isinstance(length, int) and not sequences:
        lengths.add(length)
    require(len(lengths) == 1, "sequences must have one length")
    slices = tuple(each.with_shape(each.shape[1:]) for each in sequences)
    _takes(body, (*carries, *slices))
    results = tuple(value.type for _, value in body.returns)
    require(results[:count] == carries, "what is carried must keep its type")
    stacks = tuple(TensorType(t.dtype, (*lengths, *t.shape)) for t in results[count:])
    return (*carries, *stacks)


@region_op("map", required=("axis",))
def _map(types: Types, attrs: Attrs, body: Func) -> Types:
    """`jax.vmap` over an axis of each operand, which comes back in each result.

    An operand of one axis, such as the numbers of the rounds, is gone through along it.
    """
    axis = integer(attrs, "axis")
    axes = [0 if each.rank == 1 else axis for each in types]
    require(all(at < each.rank for at, each in zip(axes, types, strict=True)), f"no axis {axis}")
    lengths = {each.shape[at] for at, each in zip(axes, types, strict=True)}
    require(len(lengths) == 1, f"axis {axis} must have one length")
    slices = [t.with_shape(_without(t.shape, at)) for at, t in zip(axes, types, strict=True)]
    _takes(body, tuple(slices))
    results = tuple(value.type for _, value in body.returns)
    require(all(axis <= each.rank for each in results), f"a result has no place {axis}")
    return tuple(
        each.with_shape((*each.shape[:axis], *lengths, *each.shape[axis:])) for each in results
    )


@op("stack_rounds", stage="region", required=("rounds",), kept=False)
def _stack_rounds(types: Types, attrs: Attrs) -> Types:
    """The weights of the rounds of a loop, for it to go through.

    The operands are those of the first round, then those of the second, and so on; each
    result has one weight of all rounds along axis 0. With `kept` the state has them so.
    """
    rounds = integer(attrs, "rounds")
    require(rounds > 0 and len(types) % rounds == 0, f"{len(types)} are no {rounds} rounds")
    first = types[: len(types) // rounds]
    require(first * rounds == types, "rounds must have weights of the same types")
    return tuple(each.with_shape((rounds, *each.shape)) for each in first)


def _takes(body: Func, types: Types) -> None:
    given = tuple(value.type for value in body.params)
    require(given == types, f"the body takes {given}, and gets {types}")


def _without(shape: tuple[Dim, ...], axis: int) -> tuple[Dim, ...]:
    return (*shape[:axis], *shape[axis + 1 :])
