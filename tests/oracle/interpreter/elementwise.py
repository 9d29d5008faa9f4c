"""Element by element: a formula and its slope each."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from kspec.ir import Op
from tests.oracle.interpreter.core import (
    Array,
    Back,
    Context,
    UnknownOp,
    rule,
    unbroadcast,
)

SELU_SCALE: Final = 1.0507009873554804934193349852946
SELU_ALPHA: Final = 1.6732632423543772848170429916717


def logistic(x: Array) -> Array:
    """`1 / (1 + exp(-x))` that does not overflow."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


def softplus(x: Array) -> Array:
    """`log(1 + exp(x))`."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def erf(x: Array) -> Array:
    """The error function."""
    return np.vectorize(math.erf, otypes=[np.float64])(x) if x.size else x


def _bell(x: Array) -> Array:
    return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _mish_slope(x: Array) -> Array:
    t = np.tanh(softplus(x))
    return t + x * (1 - t * t) * logistic(x)


def _gelu_tanh(x: Array) -> tuple[Array, Array]:
    """The approximation, and its slope."""
    c = math.sqrt(2 / math.pi)
    t = np.tanh(c * (x + 0.044715 * x**3))
    slope = 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * c * (1 + 3 * 0.044715 * x * x)
    return 0.5 * x * (1 + t), slope


Formula = Callable[[Array], Array]
# The formula and the slope, both of the operand.
PLAIN: Final[dict[str, tuple[Formula, Formula]]] = {
    "negative": (lambda x: -x, lambda x: -np.ones_like(x)),
    "abs": (np.abs, np.sign),
    "square": (lambda x: x * x, lambda x: 2 * x),
    "sign": (np.sign, np.zeros_like),
    "exp": (np.exp, np.exp),
    "expm1": (np.expm1, np.exp),
    "log": (np.log, lambda x: 1 / x),
    "log1p": (np.log1p, lambda x: 1 / (1 + x)),
    "sqrt": (np.sqrt, lambda x: 0.5 / np.sqrt(x)),
    "rsqrt": (lambda x: x**-0.5, lambda x: -0.5 * x**-1.5),
    "sin": (np.sin, np.cos),
    "cos": (np.cos, lambda x: -np.sin(x)),
    "erf": (erf, lambda x: 2 / math.sqrt(math.pi) * np.exp(-x * x)),
    "floor": (np.floor, np.zeros_like),
    "ceil": (np.ceil, np.zeros_like),
    "round": (np.round, np.zeros_like),
    "relu": (lambda x: np.maximum(x, 0), lambda x: 1.0 * (x > 0)),
    "relu6": (lambda x: np.clip(x, 0, 6), lambda x: 1.0 * ((x > 0) & (x < 6))),
    "sigmoid": (logistic, lambda x: logistic(x) * logistic(-x)),
    "log_sigmoid": (lambda x: -softplus(-x), lambda x: logistic(-x)),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "softplus": (softplus, logistic),
    "softsign": (lambda x: x / (1 + np.abs(x)), lambda x: (1 + np.abs(x)) ** -2.0),
    "silu": (
        lambda x: x * logistic(x),
        lambda x: logistic(x) * (1 + x * logistic(-x)),
    ),
    "selu": (
        lambda x: SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0))),
        lambda x: SELU_SCALE * np.where(x > 0, 1, SELU_ALPHA * np.exp(np.minimum(x, 0))),
    ),
    "mish": (lambda x: x * np.tanh(softplus(x)), _mish_slope),
    "hard_sigmoid": (
        lambda x: np.clip(x / 6 + 0.5, 0, 1),
        lambda x: np.where(np.abs(x) < 3, 1 / 6, 0.0),
    ),
    "hard_silu": (
        lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
        lambda x: np.clip(x / 6 + 0.5, 0, 1) + np.where(np.abs(x) < 3, x / 6, 0.0),
    ),
    "log_cosh": (lambda x: np.logaddexp(x, -x) - math.log(2), np.tanh),
}


def _enter(name: str, formula: Formula, slope: Formula) -> None:
    @rule(name)
    def made(op: Op, args: list[Array], context: Context) -> tuple[tuple[Array, ...], Back]:
        (x,) = args
        return (formula(x),), lambda g: (g * slope(x),)


for _name, (_formula, _slope) in PLAIN.items():
    _enter(_name, _formula, _slope)


@rule("stop_gradient")
def _stop(op: Op, args: list[Array], context: Context) -> Any:
    return (args[0],), lambda g: (None,)


@rule("elu", "celu", "leaky_relu", "gelu", "clip", "huber")
def _with_options(op: Op, args: list[Array], context: Context) -> Any:
    (x,) = args
    y, slope = OPTIONS[op.name](x, op.attrs)
    return (y,), lambda g: (g * slope,)


def _elu(x: Array, attrs: Any) -> tuple[Array, Array]:
    below, a = np.minimum(x, 0), attrs["alpha"]
    return np.where(x > 0, x, a * np.expm1(below)), np.where(x > 0, 1, a * np.exp(below))


def _celu(x: Array, attrs: Any) -> tuple[Array, Array]:
    below, a = np.minimum(x, 0), attrs["alpha"]
    return np.where(x > 0, x, a * np.expm1(below / a)), np.where(x > 0, 1, np.exp(below / a))


def _leaky(x: Array, attrs: Any) -> tuple[Array, Array]:
    a = attrs["negative_slope"]
    return np.where(x >= 0, x, a * x), np.where(x >= 0, 1, a)


def _gelu(x: Array, attrs: Any) -> tuple[Array, Array]:
    if attrs["approximate"]:
        return _gelu_tanh(x)
    share = 0.5 * (1 + erf(x / math.sqrt(2)))
    return x * share, share + x * _bell(x)


def _clip(x: Array, attrs: Any) -> tuple[Array, Array]:
    low, high = attrs["min"], attrs["max"]
    return np.clip(x, low, high), 1.0 * ((x > low) & (x < high))


def _huber(x: Array, attrs: Any) -> tuple[Array, Array]:
    d, size = attrs["delta"], np.abs(x)
    inside = size <= d
    return np.where(inside, x * x / 2, d * size - d * d / 2), np.where(inside, x, d * np.sign(x))


OPTIONS: Final = {
    "elu": _elu,
    "celu": _celu,
    "leaky_relu": _leaky,
    "gelu": _gelu,
    "clip": _clip,
    "huber": _huber,
}


def _divided(x: Array, y: Array) -> Array:
    return np.divide(x, y, out=np.zeros(np.broadcast(x, y).shape), where=y != 0)


def _share(first: Array, second: Array) -> Array:
    """Which part of the slope of a maximum goes to the first: a half where both are it."""
    return np.where(first > second, 1.0, np.where(first == second, 0.5, 0.0))


Pair = Callable[[Array, Array], Any]
# The formula, and the slopes by both operands.
BINARY: Final[dict[str, tuple[Pair, Pair]]] = {
    "add": (lambda x, y: x + y, lambda x, y: (1.0, 1.0)),
    "subtract": (lambda x, y: x - y, lambda x, y: (1.0, -1.0)),
    "multiply": (lambda x, y: x * y, lambda x, y: (y, x)),
    "divide": (lambda x, y: x / y, lambda x, y: (1 / y, -x / (y * y))),
    "divide_no_nan": (
        _divided,
        lambda x, y: (_divided(np.ones_like(x), y), -_divided(_divided(x, y), y)),
    ),
    "maximum": (np.maximum, lambda x, y: (_share(x, y), _share(y, x))),
    "minimum": (np.minimum, lambda x, y: (_share(y, x), _share(x, y))),
    "absolute_percentage_error": (
        lambda x, y: 100 * np.abs((x - y) / np.maximum(np.abs(x), 1e-7)),
        lambda x, y: (None, 100 * np.sign(y - x) / np.maximum(np.abs(x), 1e-7)),
    ),
    "poisson_error": (
        lambda x, y: y - x * np.log(y + 1e-7),
        lambda x, y: (None, 1 - x / (y + 1e-7)),
    ),
}


def _enter_pair(name: str, formula: Pair, slopes: Pair) -> None:
    @rule(name)
    def made(op: Op, args: list[Array], context: Context) -> tuple[tuple[Array, ...], Back]:
        x, y = args

        def back(g: Array) -> Any:
            both = zip(slopes(x, y), (x, y), strict=True)
            return [None if s is None else unbroadcast(g * s, each.shape) for s, each in both]

        return (np.asarray(formula(x, y)),), back


for _name, (_pair, _slopes) in BINARY.items():
    _enter_pair(_name, _pair, _slopes)


@rule("power")
def _power(op: Op, args: list[Array], context: Context) -> Any:
    x, y = args
    result = np.asarray(x**y)

    def back(g: Array) -> Any:
        by_x = g * np.where(y == 0, 0.0, y * np.power(x, np.where(y == 0, 1, y - 1)))
        logs = np.where(x > 0, np.log(np.where(x > 0, x, 1)), 0)
        return unbroadcast(by_x, x.shape), unbroadcast(g * result * logs, y.shape)

    return (result,), back


COMPARISONS: Final = {
    "equal": np.equal,
    "not_equal": np.not_equal,
    "less": np.less,
    "less_equal": np.less_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "logical_xor": np.logical_xor,
}


@rule(*COMPARISONS)
def _compare(op: Op, args: list[Array], context: Context) -> Any:
    return (np.asarray(COMPARISONS[op.name](*args)),), lambda g: (None, None)


@rule("logical_not")
def _not(op: Op, args: list[Array], context: Context) -> Any:
    return (~args[0],), lambda g: (None,)


@rule("cast")
def _cast(op: Op, args: list[Array], context: Context) -> Any:
    (x,), dtype = args, op.attrs["dtype"]
    if dtype not in ("f32", "i32", "bool"):
        raise UnknownOp(f"the interpreter has no cast to {dtype}")
    kind = {"f32": np.float64, "i32": np.int64, "bool": np.bool_}[dtype]
    return (x.astype(kind),), lambda g: (g if x.dtype == np.float64 else None,)


@rule("select")
def _select(op: Op, args: list[Array], context: Context) -> Any:
    condition, yes, no = args

    def back(g: Array) -> Any:
        zero = np.zeros_like(g)
        first, second = np.where(condition, g, zero), np.where(condition, zero, g)
        return None, unbroadcast(first, yes.shape), unbroadcast(second, no.shape)

    return (np.where(condition, yes, no),), back
