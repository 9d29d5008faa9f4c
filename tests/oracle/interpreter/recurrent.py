"""LSTM and GRU, a step at a time forwards, and a step at a time back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kspec.ir import Op
from tests.oracle.interpreter.core import Array, Context, rule
from tests.oracle.interpreter.elementwise import logistic


@dataclass
class Operands:
    """The operands of a recurrent op, by what they are."""

    x: Array
    kernel: Array
    recurrent: Array
    bias: Array | None
    states: list[Array]
    mask: Array


def _operands(op: Op, args: list[Array], count: int) -> Operands:
    x, kernel, recurrent, *rest = args
    bias = rest.pop(0) if op.attrs["bias"] else None
    mask = rest.pop() if op.attrs["mask"] else np.ones(x.shape[:2], np.bool_)
    states = rest or [np.zeros((len(x), len(recurrent)))] * count
    return Operands(x, kernel, recurrent, bias, states, mask)


def _order(op: Op, steps: int) -> list[int]:
    """The steps in the order in which they are taken."""
    return list(range(steps))[:: -1 if op.attrs["reverse"] else 1]


def _gradients(op: Op, by: Operands) -> list[Any]:
    """In the order of the operands."""
    found: list[Any] = [by.x, by.kernel, by.recurrent]
    found += [by.bias] if op.attrs["bias"] else []
    found += by.states if op.attrs["initial_state"] else []
    return found + ([None] if op.attrs["mask"] else [])


def _zeros(given: Operands) -> Operands:
    bias = None if given.bias is None else np.zeros_like(given.bias)
    kernels = np.zeros_like(given.kernel), np.zeros_like(given.recurrent)
    return Operands(np.zeros_like(given.x), *kernels, bias, [], given.mask)


@rule("lstm")
def _lstm(op: Op, args: list[Array], context: Context) -> Any:
    given = _operands(op, args, 2)
    h, c = given.states
    order = _order(op, given.x.shape[1])
    outputs = np.zeros((*given.x.shape[:2], len(given.recurrent)))
    kept: dict[int, Any] = {}
    for t in order:
        z = given.x[:, t] @ given.kernel + h @ given.recurrent
        z = z if given.bias is None else z + given.bias
        i, f, g, o = np.split(z, 4, axis=1)
        i, f, g, o = logistic(i), logistic(f), np.tanh(g), logistic(o)
        new_c = f * c + i * g
        kept[t] = (h, c, i, f, g, o, np.tanh(new_c))
        counts = given.mask[:, t, None]
        h, c = np.where(counts, o * np.tanh(new_c), h), np.where(counts, new_c, c)
        outputs[:, t] = h

    def back(of_outputs: Array, of_h: Array, of_c: Array) -> Any:
        by = _zeros(given)
        for t in reversed(order):
            before_h, before_c, i, f, g, o, tanh_c = kept[t]
            counts = given.mask[:, t, None]
            of_h = of_h + of_outputs[:, t]
            new_h, new_c = np.where(counts, of_h, 0), np.where(counts, of_c, 0)
            old_h, old_c = of_h - new_h, of_c - new_c
            new_c = new_c + new_h * o * (1 - tanh_c**2)
            of_gates = (
                new_c * g * i * (1 - i),
                new_c * before_c * f * (1 - f),
                new_c * i * (1 - g * g),
                new_h * tanh_c * o * (1 - o),
            )
            of_z = np.concatenate(of_gates, axis=1)
            by.x[:, t] = of_z @ given.kernel.T
            by.kernel += given.x[:, t].T @ of_z
            by.recurrent += before_h.T @ of_z
            if by.bias is not None:
                by.bias += of_z.sum(axis=0)
            of_h, of_c = old_h + of_z @ given.recurrent.T, old_c + new_c * f
        by.states = [of_h, of_c]
        return _gradients(op, by)

    return (outputs, h, c), back


@rule("gru")
def _gru(op: Op, args: list[Array], context: Context) -> Any:
    given = _operands(op, args, 1)
    (h,) = given.states
    order = _order(op, given.x.shape[1])
    outputs = np.zeros((*given.x.shape[:2], len(given.recurrent)))
    bias = np.zeros((2, given.kernel.shape[1])) if given.bias is None else given.bias
    kept: dict[int, Any] = {}
    for t in order:
        ours = np.split(given.x[:, t] @ given.kernel + bias[0], 3, axis=1)
        theirs = np.split(h @ given.recurrent + bias[1], 3, axis=1)
        z, r = logistic(ours[0] + theirs[0]), logistic(ours[1] + theirs[1])
        n = np.tanh(ours[2] + r * theirs[2])
        kept[t] = (h, z, r, n, theirs[2])
        h = np.where(given.mask[:, t, None], z * h + (1 - z) * n, h)
        outputs[:, t] = h

    def back(of_outputs: Array, of_h: Array) -> Any:
        by = _zeros(given)
        for t in reversed(order):
            before, z, r, n, product = kept[t]
            of_h = of_h + of_outputs[:, t]
            new = np.where(given.mask[:, t, None], of_h, 0)
            of_n = new * (1 - z) * (1 - n * n)
            of_z, of_r = new * (before - n) * z * (1 - z), of_n * product * r * (1 - r)
            of_ours = np.concatenate([of_z, of_r, of_n], axis=1)
            of_theirs = np.concatenate([of_z, of_r, of_n * r], axis=1)
            by.x[:, t] = of_ours @ given.kernel.T
            by.kernel += given.x[:, t].T @ of_ours
            by.recurrent += before.T @ of_theirs
            if by.bias is not None:
                by.bias += np.stack([of_ours.sum(axis=0), of_theirs.sum(axis=0)])
            of_h = of_h - new + new * z + of_theirs @ given.recurrent.T
        by.states = [of_h]
        return _gradients(op, by)

    return (outputs, h), back
