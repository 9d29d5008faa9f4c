"""Who uses and who makes values: the ops that results need, and where numbers come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from kspec.diagnostics import Span
from kspec.ir.core import Func, Op, Value

_MOVERS: Final = ("reshape", "cast", "squeeze", "index", "transpose", "expand_dims")


def live_ops(ops: Iterable[Op], results: Iterable[Value]) -> list[Op]:
    """The ops that the results need, in their order; in bodies, too."""
    live = set(results)
    kept: list[Op] = []
    for op in reversed(tuple(ops)):
        if live.isdisjoint(op.results):
            continue
        if op.body is not None:
            needed = live_ops(op.body.ops, (value for _, value in op.body.returns))
            op = replace(op, body=op.body.with_ops(needed))
        live.update(op.uses)
        kept.append(op)
    return kept[::-1]


def rows_looked_up(
    ops: Iterable[Op], makers: Mapping[Value, Op], names: Mapping[Value, str]
) -> dict[str, tuple[int, Span | None]]:
    """How many rows the embeddings have that look values up, and their places.

    Args:
        ops: The ops.
        makers: The op that made each value.
        names: The values in question, and what they are called.

    Returns:
        The least number of rows of each name that is looked up.
    """
    found: dict[str, tuple[int, Span | None]] = {}
    for op in ops:
        if op.name != "take":
            continue
        rows, name = op.args[0].type.shape[0], names.get(behind_movers(op.args[1], makers))
        if name is None or not isinstance(rows, int):
            continue
        if name not in found or rows < found[name][0]:
            found[name] = (rows, op.span)
    return found


def behind_movers(value: Value, makers: Mapping[Value, Op]) -> Value:
    """The value whose numbers it has: behind all that just moves numbers about."""
    maker = makers.get(value)
    while maker is not None and maker.name in _MOVERS:
        value = maker.args[0]
        maker = makers.get(value)
    return value


def definitions(func: Func) -> dict[Value, Op]:
    """The op that makes each value, those in bodies included."""
    return {value: op for op in func.walk() for value in op.results}
