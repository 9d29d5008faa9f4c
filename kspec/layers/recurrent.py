"""Recurrent layers: a cell, step by step along the axis of time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast, final

from kspec.ir import Builder, TensorType, TypeRuleError, Value
from kspec.layers.base import (
    Dims,
    Layer,
    Masked,
    Named,
    WeightSpec,
    arg,
    inner_specs,
    layer,
    to_float,
)
from kspec.layers.cells import Cell, Values, Weights, zeros
from kspec.layers.recurrent_cells import GRUCell, LSTMCell, SimpleRNNCell
from kspec.layers.stacks import StackedRNNCells
from kspec.registry import Example, in_order
from kspec.regularizers.base import Regularizer


class Recurrent(Layer):
    """What goes along the axis of time with a cell.

    With a mask, a step of padding leaves states and output as they are. What is not
    returned is not kept. Keras' `stateful` is left out: a batch depends on nothing but its
    number.
    """

    noun = "recurrent layer"
    shape = "batch time *features -> batch *units"
    keywords = ("initial_state", "mask")
    masking = "uses"

    return_sequences: bool = arg(
        default=False, doc="Whether to give the outputs of all steps.", last=True
    )
    return_state: bool = arg(default=False, doc="Whether to give the last states, too.", last=True)
    go_backwards: bool = arg(
        default=False, doc="Whether to start at the end; outputs come in that order.", last=True
    )
    unroll: bool = arg(
        default=False, doc="Whether to write the loop out: more to compile.", last=True
    )

    def inside(self) -> Cell:
        """The cell."""
        raise NotImplementedError

    def zero_for_mask(self) -> bool:
        """Whether the output of padding is 0 instead of the output before."""
        return False

    def misfit(self, *operands: TensorType) -> str | None:
        """A step needs its features."""
        return None if operands[0].rank > 2 else "it needs an axis of time and one of features"

    def specs(self, types: tuple[TensorType, ...], dims: Dims) -> Mapping[str, WeightSpec]:
        """Those of the cell."""
        del dims
        return inner_specs(self.inside(), (_step(types[0]),))

    def apply(
        self, b: Builder, operands: tuple[Masked, ...], weights: Weights, named: Named
    ) -> tuple[Masked, ...]:
        """A scan over the steps."""
        return self.run(b, operands[0], weights, named, zero=self.zero_for_mask())

    def run(
        self, b: Builder, operand: Masked, weights: Weights, named: Named, *, zero: bool
    ) -> tuple[Masked, ...]:
        """The output or outputs, then the last states if they are asked for."""
        cell, x = self.inside(), to_float(b, operand.value)
        mask = named["mask"][0].value if "mask" in named else operand.mask
        hint = b.hint
        steps = _swapped(b, x)
        memory = cell.memory(b, _step(x.type).shape)
        projected = cell.project(b, steps, weights)
        states = self._start(b, cell, x.type, named)
        sequences = [*projected, *(() if mask is None else (_along(b, mask, states[0]),))]
        last_of_all = not self.return_sequences and zero and mask is not None
        stacks = self.return_sequences or last_of_all

        def step(carried: Values, slices: Values) -> tuple[Values, Values]:
            output, new = cell.advance(b, slices[: len(projected)], carried, weights, memory)
            if mask is not None:
                counts, before = slices[-1], carried[cell.output_state()]
                other = zeros(b, before.type, "zero") if zero else before
                output = b.op("select", counts, output, other)
                pairs = zip(new, carried, strict=True)
                new = tuple(b.op("select", counts, one, old, hint=old.hint) for one, old in pairs)
            return new, (output,) if stacks else ()

        words = ["h", "c"] if len(states) == 2 else ["h"] * len(states)
        names = [*words, *("x" for _ in projected), "counts"]
        asked = b.hints if self.return_state and len(b.hints) == 1 + len(states) else (hint, *words)
        results = [*asked[1:], asked[0]] if stacks else list(asked[1:])
        if not stacks:
            results[cell.output_state()] = asked[0]
        with b.at(b.span, hint, tuple(results)):
            last, outputs = b.scan(
                step, states, sequences, reverse=self.go_backwards, unroll=self.unroll, hints=names
            )
        y = last[cell.output_state()]
        if stacks:
            y = b.op("flip", outputs[0], axis=(0,)) if self.go_backwards else outputs[0]
            if last_of_all:
                items: Any = (-1, *((None,) * 3 for _ in y.type.shape[1:]))
                y = b.op("index", y, items=items)
            else:
                y = _swapped(b, y)
        kept = tuple(map(Masked, last)) if self.return_state else ()
        return (Masked(y, mask if self.return_sequences else None), *kept)

    def _start(self, b: Builder, cell: Cell, x: TensorType, named: Named) -> Values:
        """The states before the first step. Raises TypeRuleError."""
        shapes = cell.state_shapes(_step(x).shape)
        if "initial_state" not in named:
            return tuple(zeros(b, TensorType("f32", shape), "start") for shape in shapes)
        given = tuple(to_float(b, each.value) for each in named["initial_state"])
        if tuple(each.type.shape for each in given) != shapes:
            wanted = ", ".join(str(TensorType("f32", shape)) for shape in shapes)
            got = ", ".join(str(each.type) for each in given)
            raise TypeRuleError(f"its initial_state is {wanted}, not {got}")
        return given


class CellLayer(Recurrent):
    """A recurrent layer whose arguments are those of its cell, and its own.

    Attributes:
        cell_class: The kind of cell.
    """

    shape = "batch time features -> batch units"
    cell_class: ClassVar[type[Cell]]

    activity_regularizer: Regularizer | None = arg(
        default=None,
        doc="The penalty on the output, a mean over the batch.",
        after="bias_regularizer",
    )

    def __init_subclass__(cls) -> None:
        own_types = vars(cls).get("__annotations__", {})
        cls.__annotations__ = {**cls.cell_class.arg_types(), **own_types}
        super().__init_subclass__()
        own = {each.name: each for each in cls.args}
        cls.args = in_order({each.name: each for each in cls.cell_class.args} | own)

    def inside(self) -> Cell:
        """The cell, with these arguments."""
        values = {each.name: getattr(self, each.name) for each in self.cell_class.args}
        return self.cell_class(**values)

    def check(self) -> str | None:
        """What the cell says."""
        return self.inside().check()

    def penalty(self) -> Regularizer | None:
        """The one on the output."""
        return self.activity_regularizer


@final
@layer("simple_rnn")
class SimpleRNN(CellLayer):
    """A fully connected recurrent layer.

    h = activation(x @ kernel + bias + h @ recurrent_kernel) at each step. Source: Elman, 1990.
    """

    cell_class = SimpleRNNCell


@final
@layer("lstm")
class LSTM(CellLayer):
    """A long short-term memory.

    i, f, o = gates of x @ kernel + h @ recurrent_kernel + bias, in the order i, f, c, o
    c = f * c + i * activation(...);  h = o * activation(c)

    The product of the inputs is taken for all steps at once, before the loop. The states are
    h and c. Source: Hochreiter and Schmidhuber, 1997.
    """

    cell_class = LSTMCell


@final
@layer("gru")
class GRU(CellLayer):
    """A layer of gated recurrent units.

    z, r = gates of x @ kernel + h @ recurrent_kernel + bias, in the order z, r, h
    h = z * h + (1 - z) * activation(x @ kernel_h + r * (h @ recurrent_kernel_h))

    Source: Cho et al., 2014; with `reset_after` as in cuDNN.
    """

    cell_class = GRUCell

    reset_after: bool = arg(
        default=True, doc="Whether the reset gate comes behind the product.", after="unroll"
    )


@final
@layer("rnn")
class RNN(Recurrent):
    """A cell, or several on top of each other, along the axis of time."""

    example = Example("x -> rnn(lstm_cell(4))", x="f32[8, 6]")

    cell: Cell | tuple[Cell, ...] = arg(doc="A cell such as `lstm_cell(8)`, or a list of them.")
    zero_output_for_mask: bool = arg(
        default=False, doc="Whether the output of padding is 0.", last=True
    )

    def inside(self) -> Cell:
        """The cell; several become one."""
        cells = self.cell
        return StackedRNNCells(cells=cells) if isinstance(cells, tuple) else cells

    def zero_for_mask(self) -> bool:
        """As the argument says."""
        return self.zero_output_for_mask


def _step(type: TensorType) -> TensorType:
    """The type of one step, in f32."""
    return TensorType("f32", (type.shape[0], *type.shape[2:]))


def _swapped(b: Builder, x: Value) -> Value:
    """Batch and time in the other's place."""
    return b.op("transpose", x, permutation=(1, 0, *range(2, x.type.rank)))


def _along(b: Builder, mask: Value, state: Value) -> Value:
    """The mask with time first, and axes for those of a state. Raises TypeRuleError."""
    if mask.type.dtype != "bool" or mask.type.rank != 2:
        raise TypeRuleError(f"a mask is bool[B,T], not {mask.type}")
    turned = _swapped(b, mask)
    shape = (*turned.type.shape, *(1 for _ in state.type.shape[1:]))
    return b.op("reshape", turned, shape=cast("Any", shape))
