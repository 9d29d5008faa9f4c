"""Drop ops whose results nobody uses.

Before:
    %a = relu(%x) : f32[B,8]
    %b = tanh(%x) : f32[B,8]
    return loss=%a

After:
    %a = relu(%x) : f32[B,8]
    return loss=%a
"""

from __future__ import annotations

from kspec.ir import Func, Module
from kspec.ir.uses import live_ops


def eliminate_dead_ops(module: Module) -> Module:
    """Keep what the results of each function need."""
    return module.map_funcs(_sweep)


def _sweep(func: Func) -> Func:
    return func.with_ops(live_ops(func.ops, (value for _, value in func.returns)))
