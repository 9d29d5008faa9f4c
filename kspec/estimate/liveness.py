"""The buffers of a training step, from when to when each is needed, and how much that is.

The step is laid out in time: the forward pass in the order of the ops, then the backward pass
in the opposite order. A buffer is live from the op that makes it to the last one that reads
it, forward or backward. The most that is live at once is the step's peak.

A loop is one op of the line. What one round keeps is kept by each; beside that, one round
runs at a time. A loop that is computed again keeps what it carries, and has in its backward
pass all that one round keeps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kspec.estimate.gradients import gradients
from kspec.estimate.kept import FUSED, MOVED, READS_FUSED, kept_of
from kspec.estimate.line import KEPT, Buffer, Line
from kspec.estimate.sizes import Sizes
from kspec.estimate.workspace import backward_work, forward_work, kept_of_scores
from kspec.ir import KEY, Func, Op, Value

_FREE = ("constant", "iota", "full")  # what is made anew wherever it is read


@dataclass(frozen=True, slots=True)
class Live:
    """What a function needs while it runs, in bytes.

    Attributes:
        kept: What the backward pass reads of the forward pass.
        forward: The most at once in the forward pass, beside what is kept.
        backward: The same of the backward pass.
        peak: The most at once.
        at_peak: What that is, by the kinds of buffers.
        by_op: What is kept of each op.
    """

    kept: int
    forward: int
    backward: int
    peak: int
    at_peak: Mapping[str, int]
    by_op: Mapping[Op, int]


def live(
    func: Func,
    learned: Iterable[Value],
    wanted: Iterable[Value],
    sizes: Sizes,
    looped: bool = False,
) -> Live:
    """What a function needs that is run and differentiated.

    Args:
        func: The function, or the body of a loop.
        learned: The values that a gradient is asked for.
        wanted: The results that it is the gradient of.
        sizes: The sizes of axes.
        looped: Whether it is the body of a loop, whose rounds hand on all that they keep.
    """
    return _Layout(Line(func, learned, wanted, sizes, looped)).live()


class _Layout:
    def __init__(self, line: Line) -> None:
        self.line = line
        self.sizes = line.sizes
        self.homes: dict[Value, frozenset[Value]] = {}  # the buffers that a value's numbers are in
        self.stored: dict[Value, Buffer] = {}
        self.others: list[Buffer] = []
        self.handed: set[Value] = set()

    def live(self) -> Live:
        line = self.line
        read = self._read_from_memory()
        for op in line.func.ops:
            self._store(op, read)
        for place, op in enumerate(line.func.ops):
            for value in op.uses:
                self._use(value, place)
            self._add(forward_work(op, self.sizes), place, place)
        for _, value in line.func.returns:
            self._use(value, line.turn)
        for op in line.func.ops:
            if op.body is not None:
                self._loop(op, op.body)
            elif line.is_active(op):
                self._keep(op)
        return self._sum([*self.stored.values(), *self.others, *gradients(line)])

    # --- the forward pass

    def _read_from_memory(self) -> set[Value]:
        """The values that must have a buffer, for what reads them."""
        read = {value for _, value in self.line.func.returns}
        for op in reversed(self.line.func.ops):
            moved = op.name in MOVED and not read.isdisjoint(op.results)
            if moved or op.name not in FUSED | MOVED | READS_FUSED:
                read.update(op.args)
        return read

    def _store(self, op: Op, read: set[Value]) -> None:
        """Give the results of an op their buffers, or those that they are computed from."""
        behind = frozenset[Value]().union(*(self.homes.get(each, ()) for each in op.uses))
        for value in op.results:
            kept = kept_of(op.name, self.line.looped).result and value in self.line.active
            moved = op.name in MOVED or op.attrs.get("kept")
            if moved or (op.name in FUSED and value not in read and not kept):
                self.homes[value] = behind
            elif op.name not in _FREE and value.type.dtype != KEY:
                place = self.line.places[op]
                self.homes[value] = frozenset({value})
                self.stored[value] = Buffer(self.sizes.bytes(value.type), place, place, op=op)

    def _use(self, value: Value, time: int, *, keep: bool = False) -> None:
        """Keep the buffers of a value up to a time."""
        if keep and self.line.looped:
            self._hand_on(value)
        for home in self.homes.get(value, ()):
            buffer = self.stored[home]
            buffer.end = max(buffer.end, time)
            if keep:
                buffer.kind = KEPT

    def _hand_on(self, value: Value) -> None:
        """Keep a value of a round as it is, if it is made there."""
        maker = self.line.makers.get(value)
        while maker is not None and maker.name in MOVED:
            value = maker.args[0]
            maker = self.line.makers.get(value)
        if maker is not None and maker.name not in _FREE:
            self.handed.add(value)

    def _add(self, size: int, start: int, end: int, op: Op | None = None) -> None:
        """A buffer beside those of values; one with an op is kept."""
        if size:
            self.others.append(Buffer(size, start, end, KEPT if op else "work", op))

    # --- the backward pass

    def _keep(self, op: Op) -> None:
        line, kept = self.line, kept_of(op.name, self.line.looped)
        time = line.back(op)
        for place, value in enumerate(op.args):
            others = (*op.args[:place], *op.args[place + 1 :])
            crossed = kept.crossed and not line.active.isdisjoint(others)
            if place in kept.operands or crossed:
                self._use(value, time, keep=True)
        for value in op.results if kept.result else ():
            self._use(value, time, keep=True)
        type = op.results[0].type
        own = kept.copies * self.sizes.bytes(type) + kept.flags * self.sizes.elements(type)
        own += kept_of_scores(op, self.sizes)
        self._add(own, line.places[op], time, op)
        self._add(backward_work(op, line), time, time)

    def _loop(self, op: Op, body: Func) -> None:
        line = self.line
        backward = line.is_active(op)
        inner = self._round(op, body, backward)
        at_once = rounds(op, self.sizes) if op.name == "map" else 1
        self._add(inner.forward * at_once, line.places[op], line.places[op])
        if not backward:
            return
        count = op.attrs.get("carries", 0)
        assert isinstance(count, int)
        again = op.attrs.get("recompute", False)
        each = self.sizes.total(body.params[:count]) + (0 if again else inner.kept)
        time = line.back(op)
        self._add(each * rounds(op, self.sizes), line.places[op], time, op)
        self._add((inner.peak if again else inner.backward) * at_once, time, time)
        for value in op.uses:
            self._use(value, time, keep=True)

    def _round(self, op: Op, body: Func, backward: bool) -> Live:
        """What one round of a loop needs."""
        scan = op.name == "scan"
        learned: set[Value] = set()
        if backward:
            pairs = zip(body.params, op.args, strict=True)
            learned = {param for param, value in pairs if scan or value in self.line.active}
            learned.update(value for value in body.captured if value in self.line.active)
            learned = {value for value in learned if value.type.is_float}
        wanted = [value for _, value in body.returns] if backward else []
        return live(body, learned, wanted, self.sizes, looped=scan or self.line.looped)

    # --- sums

    def _sum(self, buffers: list[Buffer]) -> Live:
        held = sum(each.size for each in buffers if each.kind == KEPT)
        kept = held
        if self.line.looped:
            kept = self.sizes.total(self.handed)
            kept += sum(each.size for each in self.others if each.kind == KEPT)
        most = {False: 0, True: 0}
        peak, when = 0, 0
        for time, now in _over_time(buffers):
            behind = time >= self.line.turn
            most[behind] = max(most[behind], now)
            if now > peak:
                peak, when = now, time
        at_peak: Counter[str] = Counter()
        by_op: Counter[Op] = Counter()
        for each in buffers:
            if each.start <= when <= each.end:
                at_peak[each.kind] += each.size
            if each.kind == KEPT and each.op is not None:
                by_op[each.op] += each.size
        forward, backward = (max(0, most[behind] - held) for behind in (False, True))
        return Live(kept, forward, backward, peak, at_peak, by_op)


def _over_time(buffers: Iterable[Buffer]) -> Iterable[tuple[int, int]]:
    """The times at which what is live changes, and how much it then is."""
    changes: Counter[int] = Counter()
    for each in buffers:
        changes[each.start] += each.size
        changes[each.end + 1] -= each.size
    now = 0
    for time in sorted(changes):
        now += changes[time]
        yield time, now


def rounds(op: Op, sizes: Sizes) -> int:
    """How many rounds a loop has."""
    if op.name == "map":
        shape, axis = op.args[-1].type.shape, op.attrs["axis"]
        assert isinstance(axis, int)
        return sizes.axis(shape[0 if len(shape) == 1 else axis])
    count, length = op.attrs["carries"], op.attrs["length"]
    assert isinstance(count, int)
    if len(op.args) > count:
        return sizes.axis(op.args[count].type.shape[0])
    return length if isinstance(length, int) else 1
