"""Along axes: sums, means, extremes, softmax."""

from __future__ import annotations

from typing import Any

import numpy as np

from kspec.ir import Op
from tests.oracle.interpreter.core import Array, Context, rule


def softmax(x: Array, axis: int) -> Array:
    """Shares that sum to 1."""
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def log_softmax(x: Array, axis: int) -> Array:
    """Its logarithm."""
    low = x - x.max(axis=axis, keepdims=True)
    return low - np.log(np.exp(low).sum(axis=axis, keepdims=True))


def through_softmax(shares: Array, g: Array, axis: int, context: Context) -> Array:
    """The gradient of what `softmax` got."""
    return shares * (g - context.aside.added((g * shares).sum(axis=axis, keepdims=True)))


def _widen(g: Array, x: Array, axes: tuple[int, ...]) -> Array:
    """A gradient with the axes back that were reduced."""
    shape = [1 if i in axes else size for i, size in enumerate(x.shape)]
    return np.broadcast_to(g.reshape(shape), x.shape)


@rule("sum", "mean")
def _sum(op: Op, args: list[Array], context: Context) -> Any:
    (x,) = args
    axes: Any = op.attrs["axis"]
    keep: Any = op.attrs["keepdims"]
    count = np.prod([x.shape[axis] for axis in axes]) if op.name == "mean" else 1
    total = np.asarray(x.sum(axis=axes, keepdims=keep))
    result = total / count if op.name == "mean" else total
    return (np.asarray(result),), lambda g: (_widen(g, x, axes) / count,)


@rule("max", "min")
def _extreme(op: Op, args: list[Array], context: Context) -> Any:
    """Where several are the largest, each gets its part of the gradient."""
    (x,) = args
    axes: Any = op.attrs["axis"]
    keep: Any = op.attrs["keepdims"]
    find = np.max if op.name == "max" else np.min
    result = np.asarray(find(x, axis=axes, keepdims=keep))

    def back(g: Array) -> Any:
        chosen = 1.0 * (x == _widen(result, x, axes))
        return (_widen(g, x, axes) * chosen / chosen.sum(axis=axes, keepdims=True),)

    return (result,), back


@rule("argmax")
def _argmax(op: Op, args: list[Array], context: Context) -> Any:
    axis: Any = op.attrs["axis"]
    return (np.asarray(args[0].argmax(axis=axis)),), lambda g: (None,)


@rule("any", "all")
def _any(op: Op, args: list[Array], context: Context) -> Any:
    axes: Any = op.attrs["axis"]
    keep: Any = op.attrs["keepdims"]
    find = np.any if op.name == "any" else np.all
    return (np.asarray(find(args[0], axis=axes, keepdims=keep)),), lambda g: (None,)


@rule("softmax")
def _softmax(op: Op, args: list[Array], context: Context) -> Any:
    axis: Any = op.attrs["axis"]
    shares = softmax(args[0], axis)
    return (shares,), lambda g: (through_softmax(shares, g, axis, context),)


@rule("log_softmax")
def _log_softmax(op: Op, args: list[Array], context: Context) -> Any:
    axis: Any = op.attrs["axis"]
    logs = log_softmax(args[0], axis)
    added = context.aside.added
    return (logs,), lambda g: (g - np.exp(logs) * added(g.sum(axis=axis, keepdims=True)),)
