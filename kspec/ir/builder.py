"""Write ops in order, with types inferred, names made, and places remembered."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeAlias

from kspec.diagnostics import Span
from kspec.ir.core import Attr, Func, Op, Value
from kspec.ir.ops import OPS, TypeRuleError
from kspec.ir.types import BATCH, TensorType

Step: TypeAlias = Callable[
    [tuple[Value, ...], tuple[Value, ...]], tuple[Sequence[Value], Sequence[Value]]
]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part of a model as its author sees it; each call is one of its own.

    Attributes:
        kind: `layer`, `block` or `repeat`.
        span: The call, or the head of the loop.
        text: Gives a layer with those of its arguments that are not its defaults.
    """

    kind: str
    span: Span
    text: Callable[[], str] | None = None


class Builder:
    """Collects the ops of one function.

    Attributes:
        ops: What has been written.
        examples: `f32[B]`: 1 for each example of the batch, 0 for rows that fill it up. It is the
            parameter `mask` of the function; only what trains or sums may use it.
        hint: The word that names new values; `at` sets it.
        hints: Words for the results of an op that has as many.
        span: The place in the spec that new ops come from.
        makers: The op that made each value.
        places: Where values that no op made are declared.
        rounds: The numbers of the rounds of the bodies around new ops: keys depend on them.
        scope: The bodies that new ops stand in, outermost first.
        updates: What training makes of weights that no gradient changes.
        learned: What weights start with that are learned from a whole split.
        parts: The parts of the model that each value was made in, outermost first.

    Args:
        reserved: Names that no new value may take.
    """

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self.ops: list[Op] = []
        self.examples = Value("mask", TensorType("f32", (BATCH,)))
        self.hint = "x"
        self.hints: tuple[str, ...] = ()
        self.span: Span | None = None
        self.makers: dict[Value, Op] = {}
        self.places: dict[Value, Span] = {}
        self.scope: tuple[object, ...] = ()
        self.rounds: tuple[Value, ...] = ()
        self.updates: dict[Value, Value] = {}
        self.learned: dict[Value, Value] = {}
        self.parts: dict[Value, tuple[Part, ...]] = {}
        self._within: tuple[Part, ...] = ()
        self._taken = set(reserved)
        self._versions: dict[str, int] = {}

    def op(self, name: str, *args: Value, hint: str | None = None, **attrs: Attr) -> Value:
        """Write an op that has one result.

        Raises:
            KeyError: There is no such op.
            TypeRuleError: The op does not take these operands.
        """
        (result,) = self._write(name, args, hint, attrs)
        return result

    def op_n(
        self, name: str, *args: Value, hint: str | None = None, **attrs: Attr
    ) -> tuple[Value, ...]:
        """Write an op with any number of results."""
        return self._write(name, args, hint, attrs)

    def _write(
        self,
        name: str,
        args: tuple[Value, ...],
        hint: str | None,
        attrs: Mapping[str, Attr],
        body: Func | None = None,
    ) -> tuple[Value, ...]:
        row = OPS[name]
        if self.scope and row.stage in ("host", "learn"):
            raise TypeRuleError(
                "it works before the device, and cannot stand inside of another layer\n"
                "give it the whole tensor, on a line of its own"
            )
        if name == "random_key":
            args = self.rounds
        complete = dict(sorted({**row.defaults, **attrs}.items()))
        types = row.infer(tuple(arg.type for arg in args), complete, body)
        words = [hint or self.hint] * len(types)
        if len(self.hints) == len(types) > 1 and hint is None:
            words = list(self.hints)
        results = tuple(self.fresh(word, type) for word, type in zip(words, types, strict=True))
        op = Op(name, args, results, complete, self.span, body)
        self.ops.append(op)
        self.makers.update(dict.fromkeys(results, op))
        self.parts.update(dict.fromkeys(results, self._within))
        return results

    def scan(
        self,
        step: Step,
        carries: Sequence[Value],
        sequences: Sequence[Value],
        *,
        reverse: bool = False,
        unroll: bool = False,
        hints: Sequence[str] = (),
    ) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
        """Write a `scan`.

        Args:
            step: Writes one round. It gets the carried values and the slices, and returns
                the new carried values and what is to be stacked.
            carries: The first carried values.
            sequences: What is gone through along axis 0.
            reverse: Whether from the end; stacks keep the order of the sequences.
            unroll: Whether the rounds are compiled one by one.
            hints: Words for the carried values and slices inside.

        Returns:
            The last carried values, and the stacks.
        """
        count = len(carries)
        slices = [each.type.with_shape(each.type.shape[1:]) for each in sequences]
        types = [*(each.type for each in carries), *slices]

        def write(*params: Value) -> Sequence[tuple[str, Value]]:
            new, stacked = step(params[:count], params[count:])
            named = [(f"carry.{i}", value) for i, value in enumerate(new)]
            return [*named, *((f"y.{i}", value) for i, value in enumerate(stacked))]

        body = self.region(types, hints, write)
        attrs: dict[str, Attr] = {"carries": count, "reverse": reverse, "unroll": unroll}
        results = self._write("scan", (*carries, *sequences), None, attrs, body)
        return results[:count], results[count:]

    def map(
        self,
        each: Callable[..., Sequence[Value]],
        operands: Sequence[Value],
        axis: int,
        hints: Sequence[str] = (),
    ) -> tuple[Value, ...]:
        """Write a `map`: `each` writes what is done to the slices of the operands."""
        types = [
            x.type.with_shape((*x.type.shape[:axis], *x.type.shape[axis + 1 :])) for x in operands
        ]

        number = self.fresh("number", TensorType("i32", ()))
        drawn = False

        def write(*params: Value) -> Sequence[tuple[str, Value]]:
            nonlocal drawn
            self.rounds = (*self.rounds, number)
            results = [(f"y.{i}", value) for i, value in enumerate(each(*params))]
            self.rounds = self.rounds[:-1]
            drawn = any(number in op.uses for op in self.ops)
            return results

        body = self.region(types, hints, write)
        if drawn:  # the rounds have numbers, which are gone through, too
            size = operands[0].type.shape[axis]
            numbers = self.op("iota", hint="number", size=size)
            body = replace(body, params=(*body.params, number))
            operands = (*operands, numbers)
        return self._write("map", tuple(operands), None, {"axis": axis}, body)

    def region(
        self,
        types: Sequence[TensorType],
        hints: Sequence[str],
        write: Callable[..., Sequence[tuple[str, Value]]],
    ) -> Func:
        """Write the body of an op: `write` gets its parameters and returns its results."""
        words = (*hints, *("x",) * len(types))
        params = tuple(self.fresh(word, type) for word, type in zip(words, types, strict=False))
        with self.inside():
            returns = tuple(write(*params))
            return Func("step", params, tuple(self.ops), returns)

    @contextmanager
    def inside(self) -> Generator[None]:
        """Write the ops of a body, from none on."""
        before = self.ops, self.scope, self.hints
        self.ops, self.scope, self.hints = [], (*self.scope, object()), ()
        try:
            yield
        finally:
            self.ops, self.scope, self.hints = before

    def update(self, weight: Value, new: Value) -> None:
        """Let each step of training put a new value in the place of a fixed weight's."""
        self.updates[weight] = new

    def learn(self, weights: Sequence[Value], name: str, *args: Value, **attrs: Attr) -> None:
        """Let an op on the whole training split say what weights start with.

        A weight that several calls share learns from the first of them.
        """
        if any(weight in self.learned for weight in weights):
            return
        results = self._write(name, args, None, attrs)
        self.learned.update(zip(weights, results, strict=True))

    def constant(self, value: int | float | bool, dtype: str = "f32") -> Value:
        """Write a scalar."""
        return self.op("constant", hint="c", value=value, dtype=dtype)

    def fresh(self, hint: str, type: TensorType) -> Value:
        """A value with a new name: the hint, then `hint.2`, `hint.3`."""
        name = hint
        while name in self._taken:
            self._versions[hint] = self._versions.get(hint, 1) + 1
            name = f"{hint}.{self._versions[hint]}"
        self._taken.add(name)
        return Value(name, type)

    @contextmanager
    def within(self, part: Part) -> Generator[None]:
        """Write the ops of a part of the model."""
        before = self._within
        self._within = (*before, part)
        try:
            yield
        finally:
            self._within = before

    @contextmanager
    def at(self, span: Span | None, hint: str, hints: tuple[str, ...] = ()) -> Generator[None]:
        """Write ops as coming from a place, their values named after a word or several."""
        before = self.span, self.hint, self.hints
        self.span, self.hint, self.hints = span, hint, hints
        try:
            yield
        finally:
            self.span, self.hint, self.hints = before
