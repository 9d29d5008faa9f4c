"""Ops with a body: the rounds one by one, and back from the last one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np

from kspec.ir import Func, Op
from tests.oracle.interpreter.core import Array, Context, Env, Grads, Record, evaluate, live

Region: TypeAlias = Callable[[Op, Env, Context], Callable[[Grads], None]]


def _round(body: Func, given: list[Array], env: Env, context: Context) -> tuple[Record, list[Any]]:
    """One round: what it gives, and its record. Values around the body are seen in it."""
    inside = {**env, **dict(zip(body.params, given, strict=True))}
    ops = live(body.ops, (value for _, value in body.returns))
    record = evaluate(ops, inside, context)
    return record, [inside[value] for _, value in body.returns]


def _back(body: Func, record: Record, given: list[Array], grads: Grads) -> list[Array | None]:
    """The gradients of a round's parameters; those of values around it go to `grads`."""
    inside = Grads()
    for (_, value), gradient in zip(body.returns, given, strict=True):
        inside.add(value, gradient)
    record.backward(inside)
    found = [inside.pop(param, None) for param in body.params]
    for value, gradient in inside.items():
        grads.add(value, gradient)
    return found


def _taken(op: Op, env: Env, grads: Grads) -> list[Array]:
    """The gradients of an op's results, zeros where there are none."""
    return [grads.pop(v) if v in grads else np.zeros_like(env[v]) for v in op.results]


def _scan(op: Op, env: Env, context: Context) -> Callable[[Grads], None]:
    assert op.body is not None
    body, count = op.body, int(op.attrs["carries"])  # type: ignore[arg-type]
    carries = [env[value] for value in op.args[:count]]
    sequences = [env[value] for value in op.args[count:]]
    length: Any = len(sequences[0]) if sequences else op.attrs["length"]
    order = list(range(length))[:: -1 if op.attrs["reverse"] else 1]
    records: dict[int, Record] = {}
    stacks: dict[int, list[Array]] = {}
    for t in order:
        given = [*carries, *(each[t] for each in sequences)]
        records[t], results = _round(body, given, env, context)
        carries, stacks[t] = results[:count], results[count:]
    stacked = [
        np.stack([stacks[t][k] for t in range(length)]) for k in range(len(op.results) - count)
    ]
    env.update(zip(op.results, [*carries, *stacked], strict=True))

    def back(grads: Grads) -> None:
        if not any(value in grads for value in op.results):
            return
        taken = _taken(op, env, grads)
        of_carries, of_stacks = taken[:count], taken[count:]
        of_sequences = [np.zeros(each.shape) for each in sequences]
        for t in reversed(order):
            given = [*of_carries, *(each[t] for each in of_stacks)]
            found = _back(body, records[t], given, grads)
            of_carries = [
                np.zeros_like(old) if new is None else new
                for new, old in zip(found[:count], of_carries, strict=True)
            ]
            for whole, part in zip(of_sequences, found[count:], strict=True):
                if part is not None:
                    whole[t] = part
        for value, gradient in zip(op.args, [*of_carries, *of_sequences], strict=True):
            grads.add(value, gradient)

    return back


def _map(op: Op, env: Env, context: Context) -> Callable[[Grads], None]:
    assert op.body is not None
    body, axis = op.body, int(op.attrs["axis"])  # type: ignore[arg-type]
    axes = [0 if value.type.rank == 1 else axis for value in op.args]
    operands = [np.moveaxis(env[v], at, 0) for v, at in zip(op.args, axes, strict=True)]
    rounds = [_round(body, [x[t] for x in operands], env, context) for t in range(len(operands[0]))]
    stacked = [np.stack(column, axis) for column in zip(*(made for _, made in rounds), strict=True)]
    env.update(zip(op.results, stacked, strict=True))

    def back(grads: Grads) -> None:
        if not any(value in grads for value in op.results):
            return
        taken = [np.moveaxis(each, axis, 0) for each in _taken(op, env, grads)]
        of_operands = [np.zeros(each.shape) for each in operands]
        for t, (record, _) in enumerate(rounds):
            found = _back(body, record, [each[t] for each in taken], grads)
            for whole, part in zip(of_operands, found, strict=True):
                if part is not None:
                    whole[t] = part
        for value, gradient, at in zip(op.args, of_operands, axes, strict=True):
            grads.add(value, np.moveaxis(gradient, 0, at))

    return back


REGIONS: Final[dict[str, Region]] = {"scan": _scan, "map": _map}
