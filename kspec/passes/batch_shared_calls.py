"""Make several calls of shared weights one call on their batches behind each other.

Calls are found by what they do: ops that take the same weights, do the same, and do not
depend on each other are joined, and with them all ops behind them that stay the same, loops
included. `2B` is the batch of two calls. What an op gives for an example must not depend on
other examples, and it must not draw random numbers: each call has its own batch statistics
and its own dropout.

It pays where there is a loop, which then is run through once: a step of a siamese LSTM is 1.05
times as fast for 8 examples, of four calls 1.13 times; for 32 it is as fast (2 CPU cores, which
run two loops at once). Products alone gain nothing, convolutions lose a quarter. So ops behind
the last loop stay apart, and so do convolutions.

Before:
    %a = scan(%start, %left) carries=1 ... : f32[B,8] do(%h: f32[B,8], %x: f32[B,8]) {
      %h.2 = matmul(%h, @encode.kernel) : f32[B,8]
      ...
    }
    %b = scan(%start, %right) carries=1 ... : f32[B,8] do(%h.3: f32[B,8], %x.2: f32[B,8]) {
      ...
    }
    %c = subtract(%a, %b) : f32[B,8]

After:
    %a.2 = join_calls(%start, %start) : f32[2B,8]
    %a.3 = join_calls(%left, %right) : f32[5,2B,8]
    %a.4 = scan(%a.2, %a.3) carries=1 ... : f32[2B,8] do(%h: f32[2B,8], %x: f32[2B,8]) {
      %h.2 = matmul(%h, @encode.kernel) : f32[2B,8]
      ...
    }
    %a, %b = split_calls(%a.4) calls=2 : f32[B,8], f32[B,8]
    %c = subtract(%a, %b) : f32[B,8]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from kspec.ir import (
    BATCH,
    CONVOLUTIONS,
    KEY,
    OPS,
    Attr,
    Builder,
    Func,
    Module,
    Op,
    TensorType,
    TypeRuleError,
    Value,
    common_part,
)
from kspec.ir.ops.calls import batch_of_calls
from kspec.passes.calls import Calls, Lanes
from kspec.passes.isomorphism import retyped
from kspec.passes.remarks import done, refused
from kspec.passes.rewrite import map_steps
from kspec.passes.schedule import in_order

_AXES: Final = ("axis", "axes")


def batch_shared_calls(module: Module) -> Module:
    """Join calls in every function of the device."""
    weights = frozenset(weight.value for weight in module.weights)

    return map_steps(module, lambda func: _join_all(func, weights))


def _join_all(func: Func, weights: frozenset[Value]) -> Func:
    left: set[tuple[Value, ...]] = set()  # the results of calls that cannot be joined
    while True:
        calls = Calls(func, weights, _joinable)
        for ops in calls.groups():
            results = tuple(op.results[0] for op in ops)
            if results in left:
                continue
            joined = _join(func, calls, ops)
            if joined is not None:
                func = joined
                break
            left.add(results)
        else:
            return func


def _join(func: Func, calls: Calls, ops: tuple[Op, ...]) -> Func | None:
    """The function with these calls joined, or None where that cannot be."""
    place = ops[0].span
    independent = calls.independent(ops)
    if len(independent) < 2:
        name = _owner([ops], calls.weights)
        refused(func.name, f"calls of {name} need each other's results", place)
        return None
    lanes = calls.grow(independent)
    while lanes.classes:
        joined = _Writer(func, lanes).write()
        if joined is not None:
            name = _owner(lanes.classes, calls.weights)
            what = f"{len(lanes.classes)} op{'s' * (len(lanes.classes) > 1)} each"
            done(func.name, f"{len(independent)} calls of {name} are one ({what})", place)
            if lanes.stopped is not None:
                refused(func.name, f"{name}: {_why(lanes.stopped)}", lanes.stopped.span)
            return joined
        lanes.drop_last()
    return None


class _Writer:
    """Writes a function with joined calls."""

    def __init__(self, func: Func, lanes: Lanes) -> None:
        self.func = func
        self.lanes = lanes
        self.builder = Builder(func.names)
        self.now: dict[Value, Value] = {}  # what the first call gives, and that of all calls
        self.entries: dict[tuple[Value, ...], Value] = {}
        gone = {op for ops in lanes.classes for op in ops}
        self.outside = {v for op in func.ops if op not in gone for v in op.uses}
        self.outside.update(value for _, value in func.returns)

    def write(self) -> Func | None:
        """The function; None where types or the order of ops forbid it."""
        gone = {op for ops in self.lanes.classes for op in ops}
        written: dict[Op, list[Op]] = {}
        try:
            for ops in self.lanes.classes:
                written[ops[-1]] = self._class(ops)
        except TypeRuleError:
            return None
        lines = [[op] if op not in gone else written.get(op, []) for op in self.func.ops]
        ops = [op for line in lines for op in line]
        ordered = in_order(ops, (*self.func.params, *self.func.captured))
        return None if ordered is None else self.func.with_ops(ordered)

    def _class(self, ops: tuple[Op, ...]) -> list[Op]:
        """One op for those of all calls, and what joins its operands and splits its results.

        Raises:
            TypeRuleError: It does not work on the batch of all calls.
        """
        first, count, b = ops[0], self.lanes.count, self.builder
        b.ops = []
        with b.at(first.span, first.results[0].hint):
            values = {value: self.now[value] for value in first.uses if value in self.now}
            for each in zip(*(op.uses for op in ops), strict=True):
                if BATCH in each[0].type.shape and each[0] not in self.now:
                    values[each[0]] = self._entry(each)
            new = retyped(first, values, self._type, self._attrs, self._fresh)
        split: list[Op] = []
        for place, old in enumerate(first.results):
            self.now[old] = new.results[place]
            if self._type(old.type) != new.results[place].type:
                raise TypeRuleError("its result is not that of all calls")
            parts = tuple(op.results[place] for op in ops)
            if not self.outside.isdisjoint(parts):
                attrs: dict[str, Attr] = {"calls": count}
                split.append(Op("split_calls", (self.now[old],), parts, attrs, first.span))
        return [*b.ops, new, *split]

    def _entry(self, values: tuple[Value, ...]) -> Value:
        """The batches of values from outside, behind each other."""
        if values not in self.entries:
            self.entries[values] = self.builder.op("join_calls", *values)
        return self.entries[values]

    def _fresh(self, old: Value, type: TensorType) -> Value:
        return self.builder.fresh(old.hint, type)

    def _type(self, type: TensorType) -> TensorType:
        return batch_of_calls(type, self.lanes.count) if BATCH in type.shape else type

    def _attrs(self, attrs: Mapping[str, Attr]) -> Mapping[str, Attr]:
        """Attributes that give a shape, with the batch of all calls."""
        shape = attrs.get("shape")
        if not isinstance(shape, tuple) or BATCH not in shape:
            return attrs
        new = tuple(f"{self.lanes.count}{BATCH}" if size == BATCH else size for size in shape)
        return {**attrs, "shape": new}


def apart(op: Op) -> bool:
    """Whether each example's results depend on that example alone, and not on chance."""
    values = (*op.uses, *op.results)
    if OPS[op.name].mixes or any(value.type.dtype == KEY for value in values):
        return False
    if OPS[op.name].stage not in ("any", "region") or not op.results:
        return False
    if any(value.type.shape.count(BATCH) != 1 for value in op.results):
        return False
    if any(value.type.shape.count(BATCH) > 1 for value in op.uses) or _along_batch(op):
        return False
    return op.body is None or all(map(_apart_or_shared, op.body.ops))


def _joinable(op: Op) -> bool:
    """Whether it may be joined, and is worth it."""
    return op.name not in CONVOLUTIONS and apart(op)


def _apart_or_shared(op: Op) -> bool:
    """The same for an op of a body, which may also know nothing of the batch."""
    batched = any(BATCH in value.type.shape for value in (*op.uses, *op.results))
    drawn = any(value.type.dtype == KEY for value in (*op.uses, *op.results))
    return apart(op) if batched else not drawn


def _along_batch(op: Op) -> bool:
    """Whether it goes along the batch axis, or may push other axes through it."""
    at = {v.type.shape.index(BATCH) for v in (*op.args, *op.results) if BATCH in v.type.shape}
    for name in _AXES:
        axis = op.attrs.get(name)
        if not at.isdisjoint(axis if isinstance(axis, tuple) else (axis,)):
            return True
    if op.name == "reshape":
        shapes = (op.args[0].type.shape, op.result.type.shape)
        fronts = [shape[: shape.index(BATCH)] for shape in shapes if BATCH in shape]
        return len(fronts) != 2 or fronts[0] != fronts[1]
    return False


def _owner(classes: Sequence[tuple[Op, ...]], weights: frozenset[Value]) -> str:
    """The part of the model that has the weights of calls."""
    paths = [v.name for ops in classes for v in ops[0].uses if v in weights]
    return f"`{common_part(paths) or paths[0]}`"


def _why(op: Op) -> str:
    """Why an op behind joined calls is not joined."""
    if op.name in CONVOLUTIONS:
        return "behind them a convolution is no faster for a larger batch"
    if any(value.type.dtype == KEY for value in op.uses):
        return "behind them each call draws random numbers of its own"
    if any(BATCH not in value.type.shape for value in op.results):
        return "behind them each call has statistics of its own batch"
    return f"behind them `{op.name}` looks at the whole batch"
