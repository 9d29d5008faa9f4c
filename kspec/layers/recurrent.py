"""Recurrent layers: a cell, step by step along the axis of time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

from kspec.ir import Builder, Shape, TensorType, TypeRuleError, Value
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
from kspec.layers.cells import Cell, Values, Weights
from kspec.layers.loops import Loop, one_step, state_words
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
        return inner_specs(self.inside(), (one_step(types[0]),))

    def apply(
        self, b: Builder, operands: tuple[Masked, ...], weights: Weights, named: Named
    ) -> tuple[Masked, ...]:
        """A loop over the steps."""
        return self.run(b, operands[0], weights, named, zero=self.zero_for_mask())

    def run(
        self, b: Builder, operand: Masked, weights: Weights, named: Named, *, zero: bool
    ) -> tuple[Masked, ...]:
        """The output or outputs, then the last states if they are asked for."""
        cell, x = self.inside(), to_float(b, operand.value)
        mask = named["mask"][0].value if "mask" in named else operand.mask
        counts = TensorType("bool", x.type.shape[:2])
        if mask is not None and mask.type != counts:
            raise TypeRuleError(f"its mask is {counts}, not {mask.type}")
        shapes = cell.state_shapes(one_step(x.type).shape)
        start = self._start(b, shapes, named)
        zero = zero and mask is not None
        loop = Loop(cell, x, mask, start, weights, self.go_backwards, self.unroll, zero)
        stacks = self.return_sequences or zero
        words = state_words(len(shapes))
        asked = (b.hint, *words)
        if self.return_state and len(b.hints) == len(asked):
            asked = b.hints
        states = list(asked[1:])
        if not stacks:
            states[cell.output_state()] = asked[0]
        outputs, last = loop.write(b, asked[0] if stacks else None, tuple(states))
        y = last[cell.output_state()]
        if outputs is not None:
            y = self._in_order(b, outputs)
        kept = tuple(map(Masked, last)) if self.return_state else ()
        return (Masked(y, mask if self.return_sequences else None), *kept)

    def _in_order(self, b: Builder, outputs: Value) -> Value:
        """The outputs in the order in which they came, or the last of them."""
        if self.return_sequences:
            return b.op("flip", outputs, axis=(1,)) if self.go_backwards else outputs
        whole = (None, None, None)
        items: Any = (whole, 0 if self.go_backwards else -1, *(whole,) * (outputs.type.rank - 2))
        return b.op("index", outputs, items=items)

    def _start(self, b: Builder, shapes: tuple[Shape, ...], named: Named) -> Values:
        """The states before the first step, if they are given. Raises TypeRuleError."""
        if "initial_state" not in named:
            return ()
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
