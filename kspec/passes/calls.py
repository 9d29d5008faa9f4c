"""Calls of the same weights in a function, and what is the same behind them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass

from kspec.ir import BATCH, RECURRENT, Func, Op, Value
from kspec.passes.isomorphism import signature


@dataclass
class Lanes:
    """Calls side by side: each class has the ops, one of each call, that do the same.

    Attributes:
        count: The number of calls.
        classes: In an order in which each uses what the ones before give.
        stopped: An op behind them that could not be joined, if one was met.
    """

    count: int
    classes: list[tuple[Op, ...]]
    stopped: Op | None = None

    def drop_last(self) -> None:
        """Leave the last class out."""
        self.classes.pop()


class Calls:
    """The ops of a function by the weights they take.

    Args:
        func: The function.
        weights: All weights of the module.
        apart: Whether an op's results for an example depend on that example alone.
    """

    def __init__(self, func: Func, weights: frozenset[Value], apart: Callable[[Op], bool]) -> None:
        self.func = func
        self.weights = weights
        self._apart = apart
        self._number = {op: number for number, op in enumerate(func.ops)}
        self._maker = {value: op for op in func.ops for value in op.results}
        self._users: dict[Value, list[Op]] = {}
        self._before: dict[Op, int] = {}  # the ops that an op needs, as bits
        for op in func.ops:
            needed = 0
            for value in op.uses:
                self._users.setdefault(value, []).append(op)
                if value in self._maker:
                    maker = self._maker[value]
                    needed |= self._before[maker] | 1 << self._number[maker]
            self._before[op] = needed

    def groups(self) -> Iterator[tuple[Op, ...]]:
        """Ops that take the same weights and do the same, in the order of the function."""
        found: dict[Hashable, list[Op]] = {}
        for op in self.func.ops:
            taken = tuple(value for value in op.uses if value in self.weights)
            if taken and self._apart(op):
                shared = tuple(v if BATCH not in v.type.shape else None for v in op.uses)
                found.setdefault((signature(op), shared), []).append(op)
        for ops in found.values():
            if len(ops) > 1:
                yield tuple(ops)

    def independent(self, ops: tuple[Op, ...]) -> tuple[Op, ...]:
        """The first op, and those of the others that need none of the chosen."""
        chosen: list[Op] = []
        for op in ops:
            if all(self._unrelated(op, other) for other in chosen):
                chosen.append(op)
        return tuple(chosen)

    def _unrelated(self, op: Op, other: Op) -> bool:
        a, b = self._number[op], self._number[other]
        return not (self._before[op] >> b & 1 or self._before[other] >> a & 1)

    def grow(self, ops: tuple[Op, ...]) -> Lanes:
        """The calls that begin with these ops, as far as they do the same."""
        lanes = Lanes(len(ops), [ops])
        place = {v: (0, i, lane) for lane, op in enumerate(ops) for i, v in enumerate(op.results)}
        seeds = sum(1 << self._number[op] for op in ops)
        members = set(ops)
        waiting: dict[Hashable, list[deque[Op]]] = {}
        offered: set[tuple[Op, Hashable]] = set()
        queue = deque(self._behind(ops))
        while queue:
            op, lane = queue.popleft()
            if op in members:
                continue
            key = self._key(op, lane, place, seeds)
            if key is None:
                self._stop(lanes, op)
                continue
            if (op, key) in offered:
                continue
            offered.add((op, key))
            columns = waiting.setdefault(key, [deque() for _ in ops])
            columns[lane].append(op)
            if not all(columns):
                continue
            row = tuple(column.popleft() for column in columns)
            if len(self.independent(row)) < len(row) or not members.isdisjoint(row):
                continue
            number = len(lanes.classes)
            lanes.classes.append(row)
            members.update(row)
            for each, one in enumerate(row):
                place.update((v, (number, i, each)) for i, v in enumerate(one.results))
            queue.extend(self._behind(row))
        self._trim(lanes, place)
        return lanes

    def _behind(self, ops: tuple[Op, ...]) -> Iterator[tuple[Op, int]]:
        for lane, op in enumerate(ops):
            for value in op.results:
                for user in self._users.get(value, ()):
                    yield user, lane

    def _stop(self, lanes: Lanes, op: Op) -> None:
        """Remember an op that cannot be joined for what it is."""
        if lanes.stopped is None and not self._apart(op):
            lanes.stopped = op

    def _key(
        self, op: Op, lane: int, place: dict[Value, tuple[int, int, int]], seeds: int
    ) -> Hashable | None:
        """What an op of a lane does with what; None where it is no part of the lane alone."""
        if not self._apart(op):
            return None
        operands: list[Hashable] = []
        for value in op.uses:
            if value in place:
                number, result, its = place[value]
                if its != lane:
                    return None
                operands.append((number, result))
            elif value in self._maker and self._needs(self._maker[value], seeds):
                return None  # not yet, or never, a part of the lanes
            else:
                operands.append("entry" if BATCH in value.type.shape else value)
        return (signature(op), tuple(operands))

    def _needs(self, op: Op, seeds: int) -> bool:
        return bool((self._before[op] | 1 << self._number[op]) & seeds)

    def _trim(self, lanes: Lanes, place: dict[Value, tuple[int, int, int]]) -> None:
        """Leave out what is behind the last loop."""
        kept: set[int] = set()
        for number in range(len(lanes.classes) - 1, -1, -1):
            op = lanes.classes[number][0]
            if number in kept or op.body is not None or op.name in RECURRENT:
                kept.add(number)
                kept.update(place[value][0] for value in op.uses if value in place)
        lanes.classes = [row for number, row in enumerate(lanes.classes) if number in kept]
