"""How much a program computes: the floating-point operations of its products."""

from __future__ import annotations

import math

from kspec.ir import CONVOLUTIONS, Func, Op, Shape
from kspec.passes.rewrite import live_ops


def flops(func: Func) -> int:
    """Floating-point operations of the products that a graph's outputs need, for one example.

    A product of tensors or a convolution counts 2 for each multiplication and addition; all
    else is left out. Axes without a fixed size count as 1.
    """
    outputs = (value for name, value in func.returns if name.startswith("output."))
    return sum(_flops(op) for op in live_ops(func.ops, outputs))


def _flops(op: Op) -> int:
    if op.body is not None:
        axis = op.attrs["axis"] if op.name == "map" else 0
        rounds = op.args[-1].type.shape[axis] if isinstance(axis, int) else 1
        inside = sum(_flops(inner) for inner in op.body.ops)
        return inside * (rounds if isinstance(rounds, int) else 1)
    if op.name == "einsum":
        return 2 * math.prod(_einsum_sizes(op).values())
    if op.name == "dot_product_attention":
        return _attention(op)
    if op.name != "matmul" and op.name not in CONVOLUTIONS:
        return 0
    x, kernel = op.args
    # A transposed convolution multiplies each element that goes in, the others sum for
    # each that comes out.
    each = x if op.name == "conv_transpose" else op.result
    inner = x.type.shape[-1:] if op.name == "matmul" else kernel.type.shape[:-1]
    return 2 * _known(each.type.shape) * _known(inner)


def _attention(op: Op) -> int:
    """Each query with each key, and each score with its value; `causal` leaves none out."""
    query, _, value = (arg.type.shape for arg in op.args[:3])
    pairs = _known(query[:3]) * _known(value[1:2])
    return 2 * pairs * (_known(query[3:]) + _known(value[3:]))


def _known(shape: Shape) -> int:
    return math.prod(axis for axis in shape if isinstance(axis, int))


def _einsum_sizes(op: Op) -> dict[str, int]:
    """The size of each letter, and of each axis that dots stand for."""
    left, _, _ = str(op.attrs["equation"]).partition("->")
    sizes: dict[str, int] = {}
    for term, value in zip(left.split(","), op.args, strict=True):
        before, dots, after = term.partition("...")
        free = value.type.rank - len(before) - len(after) if dots else 0
        letters = [*before, *(f"...{place}" for place in range(free, 0, -1)), *after]
        for letter, size in zip(letters, value.type.shape, strict=True):
            sizes[letter] = max(sizes.get(letter, 1), size if isinstance(size, int) else 1)
    return sizes
