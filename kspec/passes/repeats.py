"""Find parts of a function that are repeated one behind the other, each with its own weights."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from kspec.ir import KEY, Func, Op, Value
from kspec.passes.isomorphism import signature


@dataclass(frozen=True, slots=True)
class Inside:
    """An operand that the same round has made: by its op `op`, as result `result`."""

    op: int
    result: int


@dataclass(frozen=True, slots=True)
class Carried:
    """An operand that the round before has made; the first round gets `first`."""

    op: int
    result: int
    first: Value


@dataclass(frozen=True, slots=True)
class Shared:
    """An operand that all rounds take from before the loop."""

    value: Value


@dataclass(frozen=True, slots=True)
class Each:
    """An operand that each round has its own of: weights."""

    values: tuple[Value, ...]


Source = Inside | Carried | Shared | Each


@dataclass(frozen=True, slots=True)
class Repeat:
    """Rounds of ops that do the same.

    Attributes:
        rounds: The ops of each round.
        sources: Where the operands of each op of a round come from.
        draws: For each op that folds a number into a key: the first number, and the step.
    """

    rounds: tuple[tuple[Op, ...], ...]
    sources: tuple[tuple[Source, ...], ...]
    draws: dict[int, tuple[int, int]]

    @property
    def carried(self) -> tuple[Carried, ...]:
        """What goes from round to round, each once."""
        found = (each for row in self.sources for each in row)
        return tuple(dict.fromkeys(each for each in found if isinstance(each, Carried)))

    @property
    def weights(self) -> tuple[Each, ...]:
        """What each round has its own of, each once."""
        found = (each for row in self.sources for each in row)
        return tuple(dict.fromkeys(each for each in found if isinstance(each, Each)))


def find_repeats(func: Func, weights: frozenset[Value], fewest: int) -> Iterator[Repeat]:
    """Repeats in a function, the one that saves most ops first.

    Args:
        func: The function.
        weights: All weights of the module.
        fewest: Rounds that a repeat has at least.
    """
    fixed = _fixed(func, weights)
    ops = [op for op in func.ops if op not in fixed]
    names: dict[Hashable, int] = {}
    signs = [names.setdefault(_sign(op), len(names)) for op in ops]
    stretches = sorted(_stretches(signs, fewest), key=lambda each: each[1] - each[0] - each[2])
    for start, end, period in reversed(stretches):
        best: Repeat | None = None
        for first in range(start, min(start + period, end - fewest * period + 1)):
            count = (end - first) // period
            rounds = [ops[first + k * period : first + (k + 1) * period] for k in range(count)]
            repeat = _relate(rounds, weights)
            if repeat is not None and (best is None or _cost(repeat) < _cost(best)):
                best = repeat
        if best is not None:
            yield best


def _cost(repeat: Repeat) -> tuple[int, int]:
    """Fewer carried values first, then more rounds."""
    return (len(repeat.carried), -len(repeat.rounds))


def _fixed(func: Func, weights: frozenset[Value]) -> set[Op]:
    """Ops that need neither weights nor chance: what rounds share, they have made once."""
    moving = {*weights, *(param for param in func.params if param.type.dtype == KEY)}
    fixed: set[Op] = set()
    for op in func.ops:
        if moving.isdisjoint(op.uses):
            fixed.add(op)
        else:
            moving.update(op.results)
    return fixed


def _sign(op: Op) -> Hashable:
    """What an op does; the number that is folded into a key does not count."""
    if op.name == "fold_in":
        op = replace(op, attrs={**op.attrs, "data": 0})
    return signature(op)


def _stretches(signs: Sequence[int], fewest: int) -> Iterator[tuple[int, int, int]]:
    """(start, end, period) of stretches that are equal to themselves a period later."""
    last: dict[int, int] = {}
    periods: set[int] = set()
    for place, sign in enumerate(signs):
        if sign in last:
            periods.add(place - last[sign])
        last[sign] = place
    for period in sorted(periods):
        start = 0
        for place in range(len(signs) - period + 1):
            same = place + period < len(signs) and signs[place] == signs[place + period]
            if not same:
                if place + period - start >= fewest * period:
                    yield start, place + period, period
                start = place + 1


def _relate(rounds: list[list[Op]], weights: frozenset[Value]) -> Repeat | None:
    """The rounds with where their operands come from; None where that is not the same in all."""
    places = {
        value: (k, t, r)
        for k, ops in enumerate(rounds)
        for t, op in enumerate(ops)
        for r, value in enumerate(op.results)
    }
    rows: list[tuple[Source, ...]] = []
    draws: dict[int, tuple[int, int]] = {}
    for t, first in enumerate(rounds[0]):
        same = [ops[t] for ops in rounds]
        row: list[Source] = []
        for column in zip(*(op.uses for op in same), strict=True):
            source = _source(column, places, weights)
            if source is None:
                return None
            row.append(source)
        rows.append(tuple(row))
        if first.name == "fold_in":
            numbers = [op.attrs["data"] for op in same]
            draw = _arithmetic(numbers)
            if draw is None:
                return None
            draws[t] = draw
    repeat = Repeat(tuple(map(tuple, rounds)), tuple(rows), draws)
    return repeat if repeat.carried else None


def _source(
    column: tuple[Value, ...], places: dict[Value, tuple[int, int, int]], weights: frozenset[Value]
) -> Source | None:
    """Where an operand comes from, by what it is in each round."""
    first, *rest = [places.get(value) for value in column]
    if first is not None:
        made = [places.get(value, (-1, 0, 0)) for value in column]
        if all(place == (k, *first[1:]) for k, place in enumerate(made)):
            return Inside(*first[1:])
        return None
    if rest[0] is not None:
        _, t, r = rest[0]
        if all(place == (k, t, r) for k, place in enumerate(rest)):
            return Carried(t, r, column[0])
        return None
    if len(set(column)) == 1:
        return Shared(column[0])
    if len(set(column)) == len(column) and weights.issuperset(column):
        return Each(column)
    return None


def _arithmetic(numbers: Sequence[object]) -> tuple[int, int] | None:
    """The first number and the step between all of them."""
    whole = [each for each in numbers if isinstance(each, int)]
    if len(whole) < len(numbers) or len({b - a for a, b in pairwise(whole)}) != 1:
        return None
    return whole[0], whole[1] - whole[0]
