"""Make a loop of parts that are repeated one behind the other, each with its own weights.

The rounds are found by what they do, whether the author wrote `repeat` or the same layers
again and again. The loop is one `scan` over the stacked weights: it is traced, optimized and
compiled once. Paths of weights, their first values and checkpoints stay as they were, and
each round folds the number into its keys that it had before.

Before:
    %x.2 = matmul(%x, @layer.kernel) : f32[B,8]
    %x.3 = tanh(%x.2) : f32[B,8]
    %x.4 = matmul(%x.3, @layer_1.kernel) : f32[B,8]
    %x.5 = tanh(%x.4) : f32[B,8]
    ...

After:
    %kernel = stack_rounds(@layer.kernel, @layer_1.kernel, ...) rounds=12 : f32[12,8,8]
    %x.5 = scan(%x, %kernel) carries=1 ... : f32[B,8] do(%x.6: f32[B,8], %kernel.2: f32[8,8]) {
      %x.2 = matmul(%x.6, %kernel.2) : f32[B,8]
      %x.3 = tanh(%x.2) : f32[B,8]
      return carry.0=%x.3
    }
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, cast

from kspec.ir import (
    BATCH,
    CONVOLUTIONS,
    OPS,
    Attr,
    Builder,
    Func,
    Module,
    Op,
    TensorType,
    TrainSettings,
    Value,
    common_part,
    flops_of,
)
from kspec.passes.choices import Site, batch_of, choose
from kspec.passes.isomorphism import retyped, signature
from kspec.passes.remarks import done, refused
from kspec.passes.repeats import Carried, Each, Inside, Repeat, Shared, Source, find_repeats
from kspec.passes.rewrite import map_steps

FEWEST_ROUNDS: Final = 3
FEWEST_OPS: Final = 60  # below, a loop compiles no faster
ROLLED: Final = "a loop"
WAYS: Final = ("round by round", ROLLED)
FEWEST_ROWS: Final = 512  # in a product: below, copying its weights costs more than 5 % of it


def roll_repeats(module: Module) -> Module:
    """Roll in every function of the device."""
    weights = frozenset(weight.value for weight in module.weights)
    return map_steps(module, lambda func: _roll_all(func, weights, module.train))


def _roll_all(func: Func, weights: frozenset[Value], train: TrainSettings | None) -> Func:
    reasons: list[tuple[str, Repeat]] = []
    rolled = True
    while rolled:
        rolled, reasons = False, []
        for repeat in find_repeats(func, weights, FEWEST_ROUNDS):
            reason = _why_not(repeat, func.name, train)
            if reason is None:
                func, rolled = _Writer(func, repeat).write(), True
                count, size = len(repeat.rounds), len(repeat.rounds[0])
                text = f"{count} rounds of {_named(repeat)} are one loop of {size} ops"
                done(func.name, text, repeat.rounds[0][0].span)
                break
            if reason:
                reasons.append((reason, repeat))
    for reason, repeat in reasons[:1]:
        refused(func.name, f"{_named(repeat)}: {reason}", repeat.rounds[0][0].span)
    return func


def _named(repeat: Repeat) -> str:
    """`layer_1` to `layer_11`, by the weights of the first and of the last round."""
    first, last = (common_part(each.values[k].name for each in repeat.weights) for k in (0, -1))
    ends = (first, last)
    if not all(ends):
        ends = tuple(repeat.weights[0].values[k].name for k in (0, -1))
    return f"`{ends[0]}` to `{ends[1]}`"


def _why_not(repeat: Repeat, func: str, train: TrainSettings | None) -> str | None:
    """Why a repeat stays as it is; empty where there is nothing to tell."""
    ops = repeat.rounds[0]
    if not repeat.weights or (len(repeat.rounds) - 1) * len(ops) < FEWEST_OPS:
        return ""
    if any(op.name in CONVOLUTIONS for op in ops):
        return "a convolution in a loop is slow on CPUs, where it runs on one thread"
    rows = min(_rows(repeat, train.batch if train else 1), default=FEWEST_ROWS)
    default = WAYS[rows >= FEWEST_ROWS]
    title = f"{len(repeat.rounds)} rounds of {_named(repeat)}"
    site = Site(_key(repeat, train), WAYS, default, title, func, ops[0].span)
    way, here = choose(site, train)
    if way == ROLLED:
        return None
    if here:
        return "a loop is slower, as measured on this machine"
    return f"copying its weights would cost too much for products of {rows} rows"


def _key(repeat: Repeat, train: TrainSettings | None) -> str:
    """The rounds as the table knows them."""
    ops = repeat.rounds[0]
    text = f"{[signature(op) for op in ops]} {batch_of(train)}"
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"repeat({len(repeat.rounds)} rounds of {len(ops)} ops, {digest})"


def _rows(repeat: Repeat, batch: int) -> Iterator[int]:
    """How often products use each element of the weights that the loop would copy.

    Products with an axis whose size is not known are left out.
    """
    for op, row in zip(repeat.rounds[0], repeat.sources, strict=True):
        axes = {size for value in op.args for size in value.type.shape if isinstance(size, str)}
        for value, source in zip(op.args, row, strict=False):
            work = flops_of(op, {BATCH: batch})
            if isinstance(source, Each) and work and axes <= {BATCH}:
                yield work // (2 * math.prod(cast("tuple[int, ...]", value.type.shape)))


class _Writer:
    """Writes a function with a loop in the place of a repeat."""

    def __init__(self, func: Func, repeat: Repeat) -> None:
        self.func = func
        self.repeat = repeat
        self.builder = Builder(func.names)
        self.gone = {op for ops in repeat.rounds for op in ops}
        rest = [op for op in func.ops if op not in self.gone]
        self.outside = {value for op in rest for value in op.uses}
        self.outside.update(value for _, value in func.returns)
        # What stands for operands inside of the body.
        self.params: dict[Carried | Each, Value] = {}
        self.made: dict[tuple[int, int], Value] = {}
        self.number: Value | None = None

    def write(self) -> Func:
        """The function: what is before, the loop, what is behind."""
        last = self.repeat.rounds[-1][-1]
        ops: list[Op] = []
        for op in self.func.ops:
            if op is last:
                ops += self._loop()
            elif op not in self.gone:
                ops.append(op)
        return self.func.with_ops(ops)

    def _loop(self) -> list[Op]:
        """The stacked weights, the loop, and single rounds of what it stacks."""
        b, repeat = self.builder, self.repeat
        first = repeat.rounds[0][0]
        with b.at(first.span, first.results[0].hint):
            count = len(repeat.rounds)
            columns = [source.values for source in repeat.weights]
            stacked = [value for row in zip(*columns, strict=True) for value in row]
            words = tuple(map(_word, repeat.weights))
            with b.at(first.span, words[0], words):
                sequences = [*b.op_n("stack_rounds", *stacked, rounds=count)]
            for source in repeat.carried:
                self.params[source] = b.fresh(source.first.hint, source.first.type)
            for source in repeat.weights:
                self.params[source] = b.fresh(_word(source), source.values[0].type)
            if repeat.draws:
                sequences.append(b.op("iota", hint="number", size=count))
                self.number = b.fresh("number", TensorType("i32", ()))
            with b.inside():
                for place, op in enumerate(repeat.rounds[0]):
                    self._round(place, op)
                inner = tuple(b.ops)
            return [*b.ops, *self._scan(first, inner, sequences)]

    def _round(self, place: int, op: Op) -> None:
        """An op of the body."""
        b = self.builder
        operands = [self._operand(source) for source in self.repeat.sources[place]]
        if place in self.repeat.draws:
            with b.at(op.span, op.result.hint):
                number = self._number(*self.repeat.draws[place])
                self.made[place, 0] = b.op("fold_in_number", operands[0], number)
            return
        around = dict(zip(op.uses, operands, strict=True))  # of a body inside, by its values
        same = retyped(op, around, lambda type: type, lambda attrs: attrs, self._result)
        b.ops.append(replace(same, args=tuple(operands[: len(op.args)])))
        self.made.update(((place, r), value) for r, value in enumerate(same.results))

    def _operand(self, source: Source) -> Value:
        if isinstance(source, Inside):
            return self.made[source.op, source.result]
        return source.value if isinstance(source, Shared) else self.params[source]

    def _result(self, old: Value, type: TensorType) -> Value:
        return self.builder.fresh(old.hint, type) if old in self.outside else old

    def _number(self, start: int, step: int) -> Value:
        """The number of the draw in this round."""
        b, number = self.builder, self.number
        assert number is not None
        if step != 1:
            number = b.op("multiply", number, b.constant(step, "i32"), hint="number")
        return b.op("add", number, b.constant(start, "i32"), hint="number") if start else number

    def _scan(self, first: Op, inner: tuple[Op, ...], sequences: list[Value]) -> list[Op]:
        """The loop, and the values of single rounds that are used behind it."""
        b, carried, rounds = self.builder, self.repeat.carried, self.repeat.rounds
        ends: list[Value] = []
        kept: dict[tuple[int, int], list[tuple[int, Value]]] = {}
        for source in carried:
            value = rounds[-1][source.op].results[source.result]
            ends.append(b.fresh(value.hint, value.type) if value in ends else value)
        for k, ops in enumerate(rounds):
            for t, op in enumerate(ops):
                for r, value in enumerate(op.results):
                    if value in self.outside and value not in ends:
                        kept.setdefault((t, r), []).append((k, value))
        returns = [(f"carry.{i}", self.made[s.op, s.result]) for i, s in enumerate(carried)]
        returns += [(f"y.{i}", self.made[place]) for i, place in enumerate(kept)]
        params = (*self.params.values(), *((self.number,) if self.number else ()))
        body = Func("step", params, inner, tuple(returns))
        attrs: dict[str, Attr] = {"carries": len(carried), "length": None}
        attrs |= {"reverse": False, "unroll": False, "recompute": False}
        args = (*(source.first for source in carried), *sequences)
        types = OPS["scan"].infer(tuple(value.type for value in args), attrs, body)
        stacks = [
            b.fresh(self.made[place].hint, type)
            for place, type in zip(kept, types[len(ends) :], strict=True)
        ]
        loop = Op("scan", args, (*ends, *stacks), dict(sorted(attrs.items())), first.span, body)
        return [loop, *self._single(stacks, list(kept.values()))]

    def _single(self, stacks: list[Value], kept: list[list[tuple[int, Value]]]) -> Iterator[Op]:
        """The values of single rounds, out of their stacks."""
        for stack, values in zip(stacks, kept, strict=True):
            for k, value in values:
                every: tuple[Attr, ...] = ((None, None, None),) * value.type.rank
                yield Op("index", (stack,), (value,), {"items": (k, *every)}, None)


def _word(source: Each) -> str:
    return source.values[0].name.rpartition(".")[2]
