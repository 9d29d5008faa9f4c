"""Normalization: of batches, with their moving statistics, and of each example by itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from kspec.ir import Op
from tests.oracle.interpreter.core import Array, Context, rule


def _along(vector: Array, x: Array, axes: tuple[int, ...]) -> Array:
    """A vector of some axes, with axes of size 1 for the others."""
    return vector.reshape([size if i in axes else 1 for i, size in enumerate(x.shape)])


def _counted(x: Array, context: Context, steps: Array | None) -> Array:
    """1 for each element of a real example, and of a time step that is there."""
    assert context.examples is not None
    counted = context.examples.reshape(-1, *[1] * (x.ndim - 1)) > 0
    if steps is not None:
        counted = counted & steps.reshape(*steps.shape, *[1] * (x.ndim - steps.ndim))
    return 1.0 * np.broadcast_to(counted, x.shape)


@rule("batch_norm")
def _batch_norm(op: Op, args: list[Array], context: Context) -> Any:
    """By the batch's own moments in training, unless the moving ones are frozen."""
    added = context.aside.added
    x, moving_mean, moving_variance, *rest = args
    steps = rest.pop() if op.args[-1].type.dtype == "bool" else None
    axis: Any = op.attrs["axis"]
    epsilon: Any = op.attrs["epsilon"]
    mean_path, variance_path = op.args[1].name, op.args[2].name
    learns = context.mode == "train" and mean_path not in context.frozen
    others = tuple(i for i in range(x.ndim) if i != axis)
    counted, count = np.zeros_like(x), 1.0
    mean, variance = moving_mean, moving_variance
    if learns:
        counted = _counted(x, context, steps)
        count = max(counted.sum() / x.shape[axis], 1)
        mean = added((x * counted).sum(axis=others) / count)
        variance = ((x - _along(mean, x, (axis,))) ** 2 * counted).sum(axis=others) / count
        for path, old, new in (
            (mean_path, moving_mean, mean),
            (variance_path, moving_variance, variance),
        ):
            momentum: Any = op.attrs["momentum"]
            last = context.moving.get(path, old)
            context.moving[path] = last * momentum + new * (1 - momentum)
    centered = x - _along(mean, x, (axis,))
    scale = _along(1 / np.sqrt(variance + epsilon), x, (axis,))
    gamma = _along(rest[0], x, (axis,)) if op.attrs["scale"] else np.ones(())
    beta = _along(rest[-1], x, (axis,)) if op.attrs["center"] else np.zeros(())

    def back(g: Array) -> Any:
        by_normal = g * gamma
        by_x = by_normal * scale
        if learns:
            by_variance = (by_normal * centered * -0.5 * scale**3).sum(axis=others, keepdims=True)
            by_mean = (-by_normal * scale).sum(axis=others, keepdims=True)
            by_all = added(by_mean) + 2 * added(by_variance) * centered
            by_x = by_x + counted * by_all / count
        learned = [(g * centered * scale).sum(axis=others)] if op.attrs["scale"] else []
        learned += [g.sum(axis=others)] if op.attrs["center"] else []
        return by_x, None, None, *learned, *([None] if steps is not None else [])

    return (centered * scale * gamma + beta,), back


def _normalized(
    x: Array, axes: tuple[int, ...], epsilon: float, context: Context
) -> tuple[Array, Any]:
    """Mean 0 and variance 1 along axes, and the way back."""
    added = context.aside.added
    centered = x - added(x.mean(axis=axes, keepdims=True))
    scale = 1 / np.sqrt((centered**2).mean(axis=axes, keepdims=True) + epsilon)
    normal = centered * scale

    def back(g: Array) -> Array:
        inner = added((g * normal).mean(axis=axes, keepdims=True))
        return scale * (g - added(g.mean(axis=axes, keepdims=True)) - normal * inner)

    return normal, back


@rule("layer_norm")
def _layer_norm(op: Op, args: list[Array], context: Context) -> Any:
    x, *learned = args
    axes: Any = op.attrs["axis"]
    epsilon: Any = op.attrs["epsilon"]
    normal, through = _normalized(x, axes, epsilon, context)
    return _scaled(op, normal, x, axes, learned, through)


def _scaled(
    op: Op, normal: Array, x: Array, axes: tuple[int, ...], learned: list[Array], through: Any
) -> Any:
    """What was normalized, with scale and shift, and the way back."""
    others = tuple(i for i in range(x.ndim) if i not in axes)
    gamma = _along(learned[0], x, axes) if op.attrs["scale"] else np.ones(())
    beta = _along(learned[-1], x, axes) if op.attrs["center"] else np.zeros(())

    def back(g: Array) -> Any:
        found = [(g * normal).sum(axis=others)] if op.attrs["scale"] else []
        found += [g.sum(axis=others)] if op.attrs["center"] else []
        return through(g * gamma), *found

    return (normal * gamma + beta,), back


@rule("group_norm")
def _group_norm(op: Op, args: list[Array], context: Context) -> Any:
    x, *learned = args
    axis: Any = op.attrs["axis"]
    groups: Any = op.attrs["groups"]
    epsilon: Any = op.attrs["epsilon"]
    split = (*x.shape[:axis], groups, x.shape[axis] // groups, *x.shape[axis + 1 :])
    axes = tuple(i for i in range(1, x.ndim + 1) if i != axis)
    normal, through = _normalized(x.reshape(split), axes, epsilon, context)
    back = lambda g: through(g.reshape(split)).reshape(x.shape)  # noqa: E731
    return _scaled(op, normal.reshape(x.shape), x, (axis,), learned, back)


@rule("rms_norm")
def _rms_norm(op: Op, args: list[Array], context: Context) -> Any:
    x, gamma = args
    axes: Any = op.attrs["axis"]
    epsilon: Any = op.attrs["epsilon"]
    scale = 1 / np.sqrt((x * x).mean(axis=axes, keepdims=True) + epsilon)
    normal, factor = x * scale, _along(gamma, x, axes)
    others = tuple(i for i in range(x.ndim) if i not in axes)

    def back(g: Array) -> Any:
        by_normal = g * factor
        inner = context.aside.added((by_normal * normal).mean(axis=axes, keepdims=True))
        return scale * (by_normal - normal * inner), (g * normal).sum(axis=others)

    return (normal * factor,), back


@rule("unit_norm")
def _unit_norm(op: Op, args: list[Array], context: Context) -> Any:
    (x,) = args
    axes: Any = op.attrs["axis"]
    epsilon: Any = op.attrs["epsilon"]
    square = (x * x).sum(axis=axes, keepdims=True)
    long = square > epsilon**2
    scale = 1 / np.sqrt(np.maximum(square, epsilon**2))
    unit = x * scale

    def back(g: Array) -> Any:
        inner = context.aside.added((g * unit).sum(axis=axes, keepdims=True))
        return (scale * (g - np.where(long, unit * inner, 0)),)

    return (unit,), back
