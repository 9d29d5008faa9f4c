"""Wrong passes, made of small edits to the IR."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kspec.ir import Builder, Func, Module, Op, Phase, Value
from kspec.passes import Pass
from kspec.passes.rewrite import rewrite_func

STEPS = ("train", "eval", "predict", "trunk")
Made = Value | tuple[Value, ...] | None


def edit(
    name: str,
    make: Callable[[Op, Builder], Made],
    at: int | None = None,
    funcs: tuple[str, ...] = STEPS,
) -> Pass:
    """Replace the results of the ops of a name, or only of that with a number, in functions."""

    def wrong(module: Module) -> Module:
        return module.map_funcs(lambda f: _edited(f) if f.name.startswith(funcs) else f)

    def _edited(func: Func) -> Func:
        seen = -1

        def rule(op: Op, b: Builder) -> Made:
            nonlocal seen
            if op.name != name:
                return None
            seen += 1
            return make(op, b) if at in (None, seen) else None

        return rewrite_func(func, rule, ("key",))

    return wrong


def again(op: Op, b: Builder, *args: Value, name: str = "", **attrs: Any) -> Made:
    """The op once more, with other operands, another name or other attributes."""
    given = args or op.args
    made = b.op_n(name or op.name, *given, **{**op.attrs, **attrs})
    return made if len(made) > 1 else made[0]


def attr(name: str, at: int | None = None, funcs: tuple[str, ...] = STEPS, **attrs: Any) -> Pass:
    """Other attributes for an op."""
    return edit(name, lambda op, b: again(op, b, **attrs), at, funcs)


def dropped(name: str, at: int | None = None, funcs: tuple[str, ...] = STEPS) -> Pass:
    """An op that is taken for its first operand."""
    return edit(name, lambda op, b: op.args[0], at, funcs)


def swapped(name: str, at: int | None = None, first: int = 0, second: int = 1) -> Pass:
    """Two operands in each other's places."""

    def make(op: Op, b: Builder) -> Made:
        args = list(op.args)
        args[first], args[second] = args[second], args[first]
        return again(op, b, *args)

    return edit(name, make, at)


def renamed(name: str, other: str, at: int | None = None, **attrs: Any) -> Pass:
    """Another op in the place of one, with attributes of its own."""
    return edit(name, lambda op, b: b.op(other, *op.args, **attrs), at)


def kept_name(name: str, other: str, at: int | None = None) -> Pass:
    """Another op that takes the same attributes."""
    return edit(name, lambda op, b: again(op, b, name=other), at)


def before(
    name: str,
    other: str,
    place: int,
    at: int | None = None,
    funcs: tuple[str, ...] = STEPS,
    **attrs: Any,
) -> Pass:
    """An op that an operand goes through first."""

    def make(op: Op, b: Builder) -> Made:
        args = list(op.args)
        args[place] = b.op(other, args[place], **attrs)
        return again(op, b, *args)

    return edit(name, make, at, funcs)


def returned(change: Callable[[dict[str, Value], Func], dict[str, Value]], func: str) -> Pass:
    """Other results for functions whose names begin so."""

    def wrong(module: Module) -> Module:
        def made(each: Func) -> Func:
            if not each.name.startswith(func):
                return each
            return replace(each, returns=tuple(change(dict(each.returns), each).items()))

        return module.map_funcs(made)

    return wrong


def phases(change: Callable[[Phase], Phase]) -> Pass:
    """Other settings of the phases."""

    def wrong(module: Module) -> Module:
        assert module.train is not None
        made = tuple(change(phase) for phase in module.train.phases)
        return replace(module, train=replace(module.train, phases=made))

    return wrong
