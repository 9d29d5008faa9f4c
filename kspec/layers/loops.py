"""Loops over time: all steps at once by an op, or a scan with a cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from kspec.ir import Builder, TensorType, Value
from kspec.layers.cells import Cell, Values, Weights, zeros


@dataclass(frozen=True)
class Loop:
    """What goes along the axis of time.

    Attributes:
        cell: What a step does.
        x: The inputs, `[B, T, ...]`.
        mask: Which steps count, `bool[B, T]`; at others outputs and states stay.
        start: The states before the first step; none for zeros.
        weights: Those of the cell.
        reverse: Whether the last step comes first.
        unroll: Whether a scan is written out.
        zero: Whether outputs of steps that do not count are 0 instead.
    """

    cell: Cell
    x: Value
    mask: Value | None
    start: Values
    weights: Weights
    reverse: bool
    unroll: bool
    zero: bool

    def write(
        self, b: Builder, outputs: str | None, states: tuple[str, ...]
    ) -> tuple[Value | None, Values]:
        """The outputs, `[B, T, ...]`, where their steps stand, and the last states.

        Args:
            b: Where the ops go.
            outputs: What the outputs are called; None if nobody wants them.
            states: What the last states are called.
        """
        # A loop that is to be written out is a scan: the op has a loop of its own.
        name = None if self.unroll else self.cell.op_of_all_steps()
        if name is None:
            return self._scan(b, outputs, states)
        with b.at(b.span, outputs or b.hint, (outputs or "outputs", *states)):
            sequence, last = self._at_once(b, name)
        return sequence if outputs else None, last

    def _at_once(self, b: Builder, name: str) -> tuple[Value, Values]:
        weights = [self.weights[word] for word in ("kernel", "recurrent_kernel")]
        bias = [self.weights["bias"]] if "bias" in self.weights else []
        mask = [] if self.mask is None else [self.mask]
        outputs, *last = b.op_n(
            name,
            *(self.x, *weights, *bias, *self.start, *mask),
            bias=bool(bias),
            initial_state=bool(self.start),
            mask=bool(mask),
            reverse=self.reverse,
        )
        if self.zero and self.mask is not None:
            counts = _widened(b, self.mask, outputs.type.rank)
            outputs = b.op("select", counts, outputs, zeros(b, outputs.type, "zero"))
        return outputs, tuple(last)

    def _scan(
        self, b: Builder, outputs: str | None, states: tuple[str, ...]
    ) -> tuple[Value | None, Values]:
        cell, steps = self.cell, _swapped(b, self.x)
        memory = cell.memory(b, one_step(self.x.type).shape)
        projected = cell.project(b, steps, self.weights)
        shapes = cell.state_shapes(one_step(self.x.type).shape)
        start = self.start or tuple(zeros(b, TensorType("f32", s), "start") for s in shapes)
        sequences = list(projected)
        if self.mask is not None:
            sequences.append(_widened(b, _swapped(b, self.mask), 1 + start[0].type.rank))

        def step(carried: Values, slices: Values) -> tuple[Values, Values]:
            output, new = cell.advance(b, slices[: len(projected)], carried, self.weights, memory)
            if self.mask is not None:
                counts, before = slices[-1], carried[cell.output_state()]
                other = zeros(b, before.type, "zero") if self.zero else before
                output = b.op("select", counts, output, other)
                pairs = zip(new, carried, strict=True)
                new = tuple(b.op("select", counts, one, old, hint=old.hint) for one, old in pairs)
            return new, (output,) if outputs else ()

        names = [*state_words(len(start)), *("x" for _ in projected), "counts"]
        with b.at(b.span, b.hint, (*states, *((outputs,) if outputs else ()))):
            last, stacked = b.scan(
                step, start, sequences, reverse=self.reverse, unroll=self.unroll, hints=names
            )
        return _swapped(b, stacked[0]) if outputs else None, last


def state_words(count: int) -> tuple[str, ...]:
    """What so many states are called."""
    return ("h", "c") if count == 2 else ("h",) * count


def one_step(type: TensorType) -> TensorType:
    """The type of one step, in f32."""
    return TensorType("f32", (type.shape[0], *type.shape[2:]))


def _swapped(b: Builder, x: Value) -> Value:
    """Batch and time in the other's place."""
    return b.op("transpose", x, permutation=(1, 0, *range(2, x.type.rank)))


def _widened(b: Builder, mask: Value, rank: int) -> Value:
    """A mask with axes of 1 behind its own."""
    return b.op("reshape", mask, shape=cast("Any", (*mask.type.shape, *(1,) * (rank - 2))))
