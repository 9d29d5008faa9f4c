"""Put ops that were moved about in an order in which each has what it uses."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence

from kspec.ir import Op, Value


def in_order(ops: Sequence[Op], given: Iterable[Value]) -> list[Op] | None:
    """The ops, each behind what it uses, and as near to their order as that lets them.

    Args:
        ops: The ops.
        given: What is there before them.

    Returns:
        The order, or None where some need each other.
    """
    there = set(given)
    made = {value for op in ops for value in op.results}
    missing = [len({v for v in op.uses if v in made and v not in there}) for op in ops]
    users: dict[Value, list[int]] = {}
    for number, op in enumerate(ops):
        for value in dict.fromkeys(op.uses):
            users.setdefault(value, []).append(number)
    ready = [number for number, count in enumerate(missing) if not count]
    heapq.heapify(ready)
    ordered: list[Op] = []
    while ready:
        op = ops[heapq.heappop(ready)]
        ordered.append(op)
        for value in op.results:
            for number in users.get(value, ()):
                missing[number] -= 1
                if not missing[number]:
                    heapq.heappush(ready, number)
    return ordered if len(ordered) == len(ops) else None
