"""How much a program computes: the floating-point operations of its products."""

from __future__ import annotations

from kspec.ir import Func, flops_of
from kspec.ir.uses import live_ops


def flops(func: Func) -> int:
    """Floating-point operations of the products that a graph's outputs need, for one example.

    A product of tensors or a convolution counts 2 for each multiplication and addition; all
    else is left out. Axes without a fixed size count as 1.
    """
    outputs = (value for name, value in func.returns if name.startswith("output."))
    return sum(flops_of(op) for op in live_ops(func.ops, outputs))
