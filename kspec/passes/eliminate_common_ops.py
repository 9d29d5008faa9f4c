"""Compute equal things once.

Two ops are equal when their names, operands and attributes are; the first one stays. A
random op draws from the key that is its operand, so equal random ops are equal, too.

Before:
    %a = relu(%x) : f32[B,8]
    %b = relu(%x) : f32[B,8]
    %c = add(%a, %b) : f32[B,8]

After:
    %a = relu(%x) : f32[B,8]
    %c = add(%a, %a) : f32[B,8]
"""

from __future__ import annotations

from kspec.ir import Builder, Func, Module, Op, Value
from kspec.passes.rewrite import rewrite_func


def eliminate_common_ops(module: Module) -> Module:
    """Merge equal ops within each function."""
    return module.map_funcs(_merge)


def _merge(func: Func) -> Func:
    seen: dict[object, tuple[Value, ...]] = {}

    def rule(op: Op, b: Builder) -> tuple[Value, ...] | None:
        del b
        attrs = tuple((name, repr(value)) for name, value in sorted(op.attrs.items()))
        first = seen.setdefault((op.name, op.args, attrs), op.results)
        return None if first is op.results else first

    return rewrite_func(func, rule)
