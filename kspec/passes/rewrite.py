"""The two ways in which passes change a function: op by op, and by leaving ops out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from kspec.ir import Builder, Func, Module, Op, Value

_STEPS: Final = ("train", "eval", "predict", "trunk")
Rule = Callable[[Op, Builder], "Value | tuple[Value, ...] | None"]


def rewrite_func(func: Func, rule: Rule, reserved: Iterable[str] = ()) -> Func:
    """Replace ops by what a rule makes of them.

    Args:
        func: The function.
        rule: Gets an op, its operands already replaced, and a builder that stands at its
            place. Returns the values that take the place of its results, or None to keep
            the op.
        reserved: Names that new values must not take, beside those of the function.
    """
    builder = Builder((*func.names, *reserved))
    return _rewrite(func, rule, builder, {})


def _rewrite(func: Func, rule: Rule, builder: Builder, replaced: dict[Value, Value]) -> Func:
    """A function, or a body, with what was replaced around it."""
    for op in func.ops:
        if any(value in replaced for value in op.args):
            op = replace(op, args=tuple(replaced.get(value, value) for value in op.args))
        with builder.at(op.span, op.results[0].hint):
            if op.body is not None:
                with builder.inside():
                    body = _rewrite(op.body, rule, builder, replaced)
                op = replace(op, body=body)
            new = rule(op, builder)
        if new is None:
            builder.ops.append(op)
            continue
        values = (new,) if isinstance(new, Value) else new
        replaced.update(zip(op.results, values, strict=True))
    returns = tuple((name, replaced.get(value, value)) for name, value in func.returns)
    return replace(func, ops=tuple(builder.ops), returns=returns)


def rewrite_ops(module: Module, rule: Rule) -> Module:
    """`rewrite_func` for every function of a module."""
    return module.map_funcs(lambda func: rewrite_func(func, rule))


def map_steps(module: Module, fn: Callable[[Func], Func]) -> Module:
    """The module with every function replaced that does the model's work on the device."""
    return module.map_funcs(lambda func: fn(func) if func.name.startswith(_STEPS) else func)


def substituted(op: Op, values: Mapping[Value, Value]) -> Op:
    """An op, and its body, with others of the same types in the place of some values."""
    body = op.body
    if body is not None:
        ops = tuple(substituted(inner, values) for inner in body.ops)
        returns = tuple((name, values.get(value, value)) for name, value in body.returns)
        body = replace(body, ops=ops, returns=returns)
    return replace(op, args=tuple(values.get(value, value) for value in op.args), body=body)


def free_name(word: str, taken: set[str]) -> str:
    """A name without a version, as the names of fields are; it is taken from then on."""
    name, number = word, 1
    while name in taken:
        number += 1
        name = f"{word}_{number}"
    taken.add(name)
    return name


def without_unused(func: Func, kept: Iterable[Value] = ()) -> Func:
    """The function without parameters that nothing uses, but for those to keep."""
    used = {*kept, *(value for op in func.ops for value in op.uses)}
    used.update(value for _, value in func.returns)
    return replace(func, params=tuple(value for value in func.params if value in used))
