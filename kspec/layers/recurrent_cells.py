"""Recurrent cells: simple, long short-term memory, gated."""

from __future__ import annotations

from typing import final

from kspec.activations.base import Activation
from kspec.activations.functions import Sigmoid, Tanh
from kspec.initializers.base import Initializer
from kspec.initializers.recurrent import ForgetBias
from kspec.ir import Builder, Value
from kspec.layers.base import arg, layer
from kspec.layers.cells import KernelCell, Values, Weights, columns, row
from kspec.registry import Example


@final
@layer("simple_rnn_cell")
class SimpleRNNCell(KernelCell):
    """h = activation(x @ kernel + bias + h @ recurrent_kernel). Source: Elman, 1990."""

    example = Example("x -> rnn(simple_rnn_cell(4))", x="f32[8, 6]")

    shape = "batch features, batch units -> batch units"

    units: int = arg(doc="Size of the state and of the output.")

    def advance(
        self, b: Builder, projected: Values, states: Values, weights: Weights, memory: Values
    ) -> tuple[Value, Values]:
        """A product, a sum, the activation."""
        z = b.op("add", projected[0], self.recurrent(b, states[0], weights, memory, 0, 1))
        h = self.activate(b, z)
        return h, (h,)


class GatedCell(KernelCell):
    """A cell whose gates have an activation of their own."""

    recurrent_activation: Activation | None = arg(
        default=Sigmoid(), doc="Applied to the gates.", after="activation"
    )

    def gate(self, b: Builder, x: Value) -> Value:
        """The activation of gates, if there is one."""
        return self.recurrent_activation.lower(b, x) if self.recurrent_activation else x

    def is_plain(self) -> bool:
        """Whether activations are those of the paper, and nothing is dropped."""
        usual = isinstance(self.activation, Tanh) and isinstance(self.recurrent_activation, Sigmoid)
        return usual and not (self.dropout or self.recurrent_dropout)


class MemoryCell(GatedCell):
    """A cell with a memory beside its output, whatever the products with its kernels are."""

    gates = 4
    states = 2

    unit_forget_bias: bool = arg(
        default=True,
        doc="Whether the offset of the forget gate starts at 1.",
        after="bias_initializer",
    )

    def bias_start(self) -> Initializer:
        """With ones for the forget gate."""
        if not self.unit_forget_bias:
            return self.bias_initializer
        return ForgetBias(bias_initializer=self.bias_initializer)

    def advance(
        self, b: Builder, projected: Values, states: Values, weights: Weights, memory: Values
    ) -> tuple[Value, Values]:
        """The gates, the new memory, the new output."""
        h, c = states
        z = b.op("add", projected[0], self.recurrent(b, h, weights, memory, 0, 4))
        parts: list[Value] = []
        for number, word in enumerate("ifgo"):
            with b.at(b.span, word):
                part = columns(b, z, number * self.units, (number + 1) * self.units)
                act = self.activate if word == "g" else self.gate
                parts.append(act(b, part))
        i, f, g, o = parts
        with b.at(b.span, "c"):
            c = b.op("add", b.op("multiply", f, c), b.op("multiply", i, g))
        with b.at(b.span, "h"):
            h = b.op("multiply", o, self.activate(b, c))
        return h, (h, c)


@final
@layer("lstm_cell")
class LSTMCell(MemoryCell):
    """One step of a long short-term memory.

    i, f, o = gates of x @ kernel + h @ recurrent_kernel + bias, in the order i, f, c, o
    c = f * c + i * activation(...);  h = o * activation(c)

    Source: Hochreiter and Schmidhuber, 1997; the forget gate: Gers et al., 2000.
    """

    example = Example("x -> rnn(lstm_cell(4))", x="f32[8, 6]")

    units: int = arg(doc="Size of the state and of the output.")

    def op_of_all_steps(self) -> str | None:
        """One for the usual activations."""
        return "lstm" if self.is_plain() else None


@final
@layer("gru_cell")
class GRUCell(GatedCell):
    """One step of a gated recurrent unit.

    z, r = gates of x @ kernel + h @ recurrent_kernel + bias, in the order z, r, h
    h = z * h + (1 - z) * activation(x @ kernel_h + r * (h @ recurrent_kernel_h))

    With `reset_after` the reset gate is applied behind the product, and there are two
    offsets, as in cuDNN; else `r * h` is multiplied. Source: Cho et al., 2014.
    """

    example = Example("x -> rnn(gru_cell(4))", x="f32[8, 6]")

    shape = "batch features, batch units -> batch units"
    gates = 3

    units: int = arg(doc="Size of the state and of the output.")
    reset_after: bool = arg(
        default=True, doc="Whether the reset gate comes behind the product.", last=True
    )

    def bias_shape(self) -> tuple[int, ...]:
        """One offset for the inputs, and with `reset_after` one for the state."""
        wide = 3 * self.units
        return (2, wide) if self.reset_after else (wide,)

    def op_of_all_steps(self) -> str | None:
        """One for the usual activations, and the reset behind the product."""
        return "gru" if self.is_plain() and self.reset_after else None

    def input_bias(self, b: Builder, weights: Weights) -> Value | None:
        """The first of two offsets."""
        bias = weights.get("bias")
        return row(b, bias, 0) if bias is not None and self.reset_after else bias

    def advance(
        self, b: Builder, projected: Values, states: Values, weights: Weights, memory: Values
    ) -> tuple[Value, Values]:
        """The gates, what is new, and the mix."""
        (x,), (h,), units = projected, states, self.units
        ends = 3 if self.reset_after else 2
        inner = self.recurrent(b, h, weights, memory, 0, ends)
        if self.reset_after and "bias" in weights:
            inner = b.op("add", inner, row(b, weights["bias"], 1))
        gates: list[Value] = []
        for number, word in enumerate("zr"):
            with b.at(b.span, word):
                ours = columns(b, x, number * units, (number + 1) * units)
                theirs = columns(b, inner, number * units, (number + 1) * units)
                gates.append(self.gate(b, b.op("add", ours, theirs)))
        z, r = gates
        with b.at(b.span, "new"):
            if self.reset_after:
                old = b.op("multiply", r, columns(b, inner, 2 * units, 3 * units))
            else:
                old = self.recurrent(b, b.op("multiply", r, h), weights, memory, 2, 3)
            new = self.activate(b, b.op("add", columns(b, x, 2 * units, 3 * units), old))
        with b.at(b.span, "h"):
            rest = b.op("subtract", b.constant(1.0), z)
            h = b.op("add", b.op("multiply", z, h), b.op("multiply", rest, new))
        return h, (h,)
