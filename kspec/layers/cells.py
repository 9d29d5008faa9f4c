"""What a recurrent cell is: what one time step does to the states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from kspec.activations.base import Activation
from kspec.activations.functions import Tanh
from kspec.constraints.base import Constraint
from kspec.initializers.base import Initializer
from kspec.initializers.constants import Zeros
from kspec.initializers.random import GlorotUniform, Orthogonal
from kspec.ir import Builder, Shape, TensorType, Value
from kspec.layers.base import Dims, Layer, Masked, Named, WeightSpec, arg, to_float
from kspec.regularizers.base import Regularizer

Values = tuple[Value, ...]
Weights = Mapping[str, Value]


class Cell(Layer):
    """One time step, split into what needs the input alone and what needs the states.

    The first part, `project`, is done for all steps at once, before the loop.

    Attributes:
        gates: How many matrices stand side by side in the kernels.
        states: How many states there are; the first is the output of the step before.
    """

    noun = "recurrent cell"
    gates: ClassVar[int] = 1
    states: ClassVar[int] = 1

    def state_shapes(self, step: Shape) -> tuple[Shape, ...]:
        """The axes of each state for a batch of inputs of a step."""
        raise NotImplementedError

    def output_state(self) -> int:
        """The number of the state that is the output of the step before."""
        return 0

    def project(self, b: Builder, x: Value, weights: Weights) -> Values:
        """What the inputs come to: of one step, or of many behind a first axis of time."""
        raise NotImplementedError

    def memory(self, b: Builder, step: Shape) -> Values:
        """What is drawn once for all steps, such as masks of dropout."""
        del b, step
        return ()

    def op_of_all_steps(self) -> str | None:
        """The op that does what `project` and `advance` do to all steps, if there is one."""
        return None

    def advance(
        self, b: Builder, projected: Values, states: Values, weights: Weights, memory: Values
    ) -> tuple[Value, Values]:
        """The output of a step and the new states."""
        raise NotImplementedError

    def apply(
        self, b: Builder, operands: tuple[Masked, ...], weights: Weights, named: Named
    ) -> tuple[Masked, ...]:
        """One step alone: the input and the states in, the output and the new states out."""
        del named
        x, *states = (to_float(b, each.value) for each in operands)
        memory = self.memory(b, x.type.shape)
        projected = self.project(b, x, weights)
        output, new = self.advance(b, projected, tuple(states), weights, memory)
        return tuple(map(Masked, (output, *new)))


class KernelCell(Cell):
    """A cell with a kernel for inputs, one for the state, and an offset.

    Attributes:
        units: How many numbers each gate has, at each place if there are places.
    """

    shape = "batch features, batch units, batch units -> batch units"
    units: int

    # Behind what a kind of cell has beside these, in Keras' order.
    activation: Activation | None = arg(default=Tanh(), doc="Applied to what is new.", last=True)
    use_bias: bool = arg(default=True, doc="Whether to add an offset.", last=True)
    kernel_initializer: Initializer = arg(
        default=GlorotUniform(), doc="How the kernel of the inputs starts.", last=True
    )
    recurrent_initializer: Initializer = arg(
        default=Orthogonal(), doc="How the kernel of the state starts.", last=True
    )
    bias_initializer: Initializer = arg(default=Zeros(), doc="How the offset starts.", last=True)
    kernel_regularizer: Regularizer | None = arg(
        default=None, doc="The penalty on the kernel of the inputs.", last=True
    )
    recurrent_regularizer: Regularizer | None = arg(
        default=None, doc="The penalty on the kernel of the state.", last=True
    )
    bias_regularizer: Regularizer | None = arg(
        default=None, doc="The penalty on the offset.", last=True
    )
    kernel_constraint: Constraint | None = arg(
        default=None, doc="What the kernel of the inputs is brought back to.", last=True
    )
    recurrent_constraint: Constraint | None = arg(
        default=None, doc="What the kernel of the state is brought back to.", last=True
    )
    bias_constraint: Constraint | None = arg(
        default=None, doc="What the offset is brought back to.", last=True
    )
    dropout: float = arg(default=0.0, doc="The fraction of the inputs to drop.", last=True)
    recurrent_dropout: float = arg(
        default=0.0, doc="The fraction of the state to drop, the same at all steps.", last=True
    )

    def check(self) -> str | None:
        """There must be something to compute, and something must be left."""
        rates = {"dropout": self.dropout, "recurrent_dropout": self.recurrent_dropout}
        for name, rate in rates.items():
            if not 0 <= rate < 1:
                return f"{name} must be in [0, 1), not {rate}"
        return None if self.units > 0 else "units must be at least 1"

    def state_shapes(self, step: Shape) -> tuple[Shape, ...]:
        """All states are vectors of `units` numbers."""
        return ((step[0], self.units),) * type(self).states

    def bias_shape(self) -> tuple[int, ...]:
        """The shape of the offset."""
        return (self.gates * self.units,)

    def bias_start(self) -> Initializer:
        """How the offset starts."""
        return self.bias_initializer

    def weights(self, dims: Dims) -> Mapping[str, WeightSpec]:
        """The two kernels and the offset."""
        inputs, state = self.kernel_shapes(self.gates * self.units)
        weights = {
            "kernel": WeightSpec(
                inputs,
                self.kernel_initializer,
                regularizer=self.kernel_regularizer,
                constraint=self.kernel_constraint,
            ),
            "recurrent_kernel": WeightSpec(
                state,
                self.recurrent_initializer,
                regularizer=self.recurrent_regularizer,
                constraint=self.recurrent_constraint,
            ),
        }
        if self.use_bias:
            weights["bias"] = WeightSpec(
                self.bias_shape(),
                self.bias_start(),
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        return weights

    def kernel_shapes(self, wide: int) -> tuple[str, str]:
        """The shapes of the two kernels, with `wide` numbers for all gates."""
        return f"features {wide}", f"{self.units} {wide}"

    def product(self, b: Builder, x: Value, kernel: Value) -> Value:
        """What the kernel makes of inputs: of one step, or of many behind an axis of time."""
        return b.op("matmul", x, kernel)

    def state_product(self, b: Builder, h: Value, kernel: Value) -> Value:
        """What the kernel of the state makes of it."""
        return b.op("matmul", h, kernel)

    def draws(self) -> int:
        """How many draws dropout of the inputs takes: one, or one a gate."""
        # With dropout of the state each gate has its own draw for the inputs, as in Keras.
        return self.gates if self.recurrent_dropout else 1

    def project(self, b: Builder, x: Value, weights: Weights) -> Values:
        """`x @ kernel + bias`, with a share of the inputs dropped in training."""
        kernel = weights["kernel"]
        step = x.type.shape[-len(self.patterns()[0][0].split()) :]
        draws = self.draws() if self.dropout else 0
        kept = [kept_share(b, step, self.dropout) for _ in range(draws)]
        if len(kept) == 1:
            x = b.op("where_training", b.op("multiply", x, kept[0]), x)
        y = self.product(b, x, kernel)
        if len(kept) > 1:
            parts = [
                self.product(b, b.op("multiply", x, each), self.part(b, kernel, gate))
                for gate, each in enumerate(kept)
            ]
            y = b.op("where_training", b.op("concatenate", *parts, axis=x.type.rank - 1), y)
        bias = self.input_bias(b, weights)
        return (y if bias is None else b.op("add", y, bias),)

    def part(self, b: Builder, kernel: Value, gate: int) -> Value:
        """The part of a kernel that belongs to a gate."""
        return columns(b, kernel, gate * self.units, (gate + 1) * self.units)

    def input_bias(self, b: Builder, weights: Weights) -> Value | None:
        """What is added to the product of the inputs."""
        del b
        return weights.get("bias")

    def memory(self, b: Builder, step: Shape) -> Values:
        """A mask of the state for each gate."""
        if not self.recurrent_dropout:
            return ()
        shape = self.state_shapes(step)[0]
        return tuple(kept_share(b, shape, self.recurrent_dropout) for _ in range(self.gates))

    def recurrent(
        self, b: Builder, h: Value, weights: Weights, memory: Values, first: int, last: int
    ) -> Value:
        """`h @ recurrent_kernel` for some of the gates, a share of `h` dropped in training."""
        kernel = weights["recurrent_kernel"]
        whole = kernel
        if (first, last) != (0, self.gates):
            whole = columns(b, kernel, first * self.units, last * self.units)
        y = self.state_product(b, h, whole)
        if not memory:
            return y
        parts = [
            self.state_product(b, b.op("multiply", h, memory[gate]), self.part(b, kernel, gate))
            for gate in range(first, last)
        ]
        axis = h.type.rank - 1
        dropped = parts[0] if len(parts) == 1 else b.op("concatenate", *parts, axis=axis)
        return b.op("where_training", dropped, y)

    def activate(self, b: Builder, x: Value) -> Value:
        """The activation, if there is one."""
        return self.activation.lower(b, x) if self.activation else x


def kept_share(b: Builder, shape: Shape, rate: float) -> Value:
    """What dropout multiplies with: 0, or what keeps the mean."""
    ones = b.op("full", shape=shape, value=1.0, hint="kept")
    key = b.op("random_key", hint="key")
    return b.op("dropout_with_key", ones, key, rate=rate, hint="kept")


def columns(b: Builder, x: Value, start: int, stop: int) -> Value:
    """A part of the last axis."""
    whole = (None, None, None)
    if x.type.shape[-1] == stop - start:
        return x
    last = (start or None, None if x.type.shape[-1] == stop else stop, None)
    return b.op("index", x, items=(*(whole,) * (x.type.rank - 1), last))


def row(b: Builder, x: Value, number: int) -> Value:
    """A row of a matrix."""
    return b.op("index", x, items=(number, (None, None, None)))


def zeros(b: Builder, type: TensorType, hint: str) -> Value:
    """Zeros of a type."""
    return b.op("full", shape=type.shape, value=0.0, dtype=type.dtype, hint=hint)
