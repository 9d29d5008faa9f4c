"""The buffers of gradients, each from the first op that gives one to the op that made the value.

A fused op writes the gradient of its operand in the place of that of its result. Gradients of
weights stay to the end, when the optimizer reads them.
"""

from __future__ import annotations

from collections.abc import Iterator

from kspec.estimate.kept import FUSED, LINEAR, MOVED
from kspec.estimate.line import GRADIENTS, WORK, Buffer, Line
from kspec.ir import Op, Value

LOOKUPS = ("take", "gather")


def gradients(line: Line) -> Iterator[Buffer]:
    """All of a function's."""
    spans = {value: _span(line, value) for value in line.active}
    merged: dict[Value, Value] = {}
    for op in line.func.ops:
        if op.name in FUSED or op.name in MOVED:
            for value in op.args:
                for result in op.results:
                    if _in_place(line, op, value, result):
                        _merge(spans, merged, value, result)
        if op.attrs.get("kept"):  # in the state as one array: so are the gradients
            for value in op.args:
                spans.pop(value, None)
            for value in spans.keys() & op.results:
                spans[value].end, spans[value].kind = line.end, GRADIENTS
    yield from (span for value, span in spans.items() if value not in merged)
    for value in line.learned & line.active:
        yield from _further(line, value)


def _readers(line: Line, value: Value) -> list[Op]:
    """The ops that give a value a gradient, the first one first."""
    ops = (line.func.ops[place] for place in sorted(set(line.uses.get(value, ()))))
    return [op for op in ops if line.is_active(op)]


def _span(line: Line, value: Value) -> Buffer:
    readers = _readers(line, value)
    start = line.back(readers[-1]) if readers else line.turn
    size = line.sizes.bytes(value.type)
    if value in line.learned:
        looked_up = any(op.name in LOOKUPS for op in readers)
        return Buffer(size, 0 if looked_up else start, line.end, GRADIENTS)
    return Buffer(size, start, line.back(line.makers[value]), WORK)


def _further(line: Line, weight: Value) -> Iterator[Buffer]:
    """Of a weight that is used several times: a gradient each, which are summed at last.

    That of a lookup is a table of zeros, which XLA makes as the step begins, and adds to.
    """
    size = line.sizes.bytes(weight.type)
    readers = _readers(line, weight)
    for op in readers[:-1]:
        start = 0 if op.name in LOOKUPS else line.back(op)
        yield Buffer(size, start, line.back(readers[0]), GRADIENTS)
    if sum(op.name in LOOKUPS for op in readers) > 1:
        yield Buffer(size, 0, line.turn, WORK)


def _in_place(line: Line, op: Op, value: Value, result: Value) -> bool:
    """Whether the gradient of an operand takes the place of that of the result."""
    if value not in line.active or result not in line.active or value in line.learned:
        return False
    if line.sizes.bytes(value.type) != line.sizes.bytes(result.type):
        return False
    return op.name in LINEAR or len(_readers(line, value)) == 1


def _merge(
    spans: dict[Value, Buffer], merged: dict[Value, Value], value: Value, result: Value
) -> None:
    """Let two values have one buffer."""
    ends: list[Value] = []
    for end in (value, result):
        while end in merged:
            end = merged[end]
        ends.append(end)
    one, two = ends
    if one is not two:
        merged[one] = two
        spans[two].start = min(spans[one].start, spans[two].start)
        spans[two].end = max(spans[one].end, spans[two].end)
