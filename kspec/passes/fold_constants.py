"""Compute at compile time what needs no data, and drop ops that change nothing.

Arithmetic on constants is done in Python's float64. `x + 0`, `x * 1`, a cast to the
dtype that is there, a reshape to the shape that is there, and a dropout of nothing are
replaced by `x`.

Before:
    %a = constant() dtype='f32' value=1.0 : f32[]
    %b = constant() dtype='f32' value=16.0 : f32[]
    %c = divide(%a, %b) : f32[]
    %d = multiply(%x, %c) : f32[B,8]

After:
    %c = constant() dtype='f32' value=0.0625 : f32[]
    %d = multiply(%x, %c) : f32[B,8]
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Final

from kspec.ir import Builder, Func, Module, Op, Value
from kspec.ir.uses import definitions
from kspec.passes.eliminate_dead_ops import eliminate_dead_ops
from kspec.passes.rewrite import rewrite_func

_BINARY: Final[Mapping[str, Callable[[float, float], float]]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": lambda x, y: x / y,
    "maximum": max,
    "minimum": min,
}
_UNARY: Final[Mapping[str, Callable[[float], float]]] = {
    "negative": operator.neg,
    "square": lambda x: x * x,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
}
# op -> the right operand that makes it do nothing
_NEUTRAL: Final = {"add": 0, "subtract": 0, "multiply": 1, "divide": 1}
_COMMUTATIVE: Final = ("add", "multiply")


def fold_constants(module: Module) -> Module:
    """Fold in every function, and drop the constants that are left over."""
    return eliminate_dead_ops(module.map_funcs(_fold))


def _fold(func: Func) -> Func:
    known: dict[Value, float] = {
        value: constant
        for value, op in definitions(func).items()
        if (constant := _number(op)) is not None
    }

    def rule(op: Op, b: Builder) -> Value | None:
        same = _unchanged(op, known)
        if same is not None:
            return same
        number = _compute(op, known)
        if number is None:
            return None
        folded = b.constant(number, op.result.type.dtype)
        known[folded] = number
        return folded

    return rewrite_func(func, rule)


def _number(op: Op) -> float | None:
    value = op.attrs.get("value") if op.name == "constant" else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value


def _unchanged(op: Op, known: Mapping[Value, float]) -> Value | None:
    """The operand that the op passes on as it is, or None."""
    if op.name in ("cast", "reshape") and op.args[0].type == op.result.type:
        return op.args[0]
    if op.name == "dropout_with_key" and op.attrs["rate"] == 0:
        return op.args[0]
    if op.name not in _NEUTRAL or not op.result.type.shape:
        return None
    left, right = op.args
    if known.get(right) == _NEUTRAL[op.name] and left.type == op.result.type:
        return left
    swaps = op.name in _COMMUTATIVE
    if swaps and known.get(left) == _NEUTRAL[op.name] and right.type == op.result.type:
        return right
    return None


def _compute(op: Op, known: Mapping[Value, float]) -> float | None:
    """The number that an op on constants gives; None where there is none."""
    if not op.args or len(op.results) != 1 or not all(value in known for value in op.args):
        return None
    numbers = [known[value] for value in op.args]
    try:
        if op.name in _BINARY:
            result = _BINARY[op.name](*numbers)
        elif op.name in _UNARY:
            result = _UNARY[op.name](*numbers)
        elif op.name == "cast" and op.result.type.is_float:
            result = float(numbers[0])
        else:
            return None
    except (ArithmeticError, ValueError):
        return None
    return result if math.isfinite(result) else None
