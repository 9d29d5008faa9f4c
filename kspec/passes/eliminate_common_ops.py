"""Compute equal things once.

Two ops are equal when their names, operands and attributes are; the first one stays. A
random op draws from the key that is its operand, so equal random ops are equal, too. What
a body computes that is there around it already is taken from there.

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
    seen: dict[object, tuple[tuple[object, ...], tuple[Value, ...]]] = {}

    def rule(op: Op, b: Builder) -> tuple[Value, ...] | None:
        attrs = tuple((name, repr(value)) for name, value in sorted(op.attrs.items()))
        key = (op.name, op.args, attrs, op.body)
        scope, first = seen.get(key, ((), None))
        if first is None or b.scope[: len(scope)] != scope:  # it is in a body that ended
            seen[key] = (b.scope, op.results)
            return None
        return first

    return rewrite_func(func, rule)
