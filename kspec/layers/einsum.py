"""A dense layer whose product is written as an equation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from kspec.activations.base import Activation
from kspec.constraints.base import Constraint
from kspec.initializers.base import Initializer
from kspec.initializers.constants import Zeros
from kspec.initializers.random import GlorotUniform, with_fans
from kspec.ir import Builder, Dim, TensorType, TypeRuleError, Value
from kspec.layers.base import Dims, Layer, WeightSpec, arg, layer, to_float
from kspec.layers.lora import adapt, adapted, rank_fault
from kspec.registry import Example
from kspec.regularizers.base import Regularizer

_LETTERS = r"([a-zA-Z]+)"
_FORMS = (
    rf"{_LETTERS},{_LETTERS}->{_LETTERS}",
    rf"\.\.\.{_LETTERS},{_LETTERS}->\.\.\.{_LETTERS}",
    rf"{_LETTERS}\.\.\.,{_LETTERS}->{_LETTERS}\.\.\.",
)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What an equation says of an operand: the weights' shapes, and the kernel's fans."""

    kernel: tuple[int, ...]
    bias: tuple[int, ...] | None
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@final
@layer("einsum_dense")
class EinsumDense(Layer):
    """Multiply by a learned kernel as an equation says, then add a learned offset.

    y = activation(einsum(equation, x, kernel) + bias)

    The equation is as in `jnp.einsum`: `"abc,cd->abd"`, with `...` on both sides left or
    right of the letters. The first letter, or `...` on the left, has the batch.
    """

    example = Example('x -> einsum_dense("abc,cd->abd", (none, 4))', x="f32[8, 6]")

    shape = "*batch -> *target"

    equation: str = arg(doc='Axes of the operand, the kernel and the result: `"abc,cd->abd"`.')
    output_shape: int | tuple[int | None, ...] = arg(
        doc="Sizes of the result's axes, without the batch and `...`; none for the operand's."
    )
    activation: Activation | None = arg(default=None, doc="Applied to the result.")
    bias_axes: str | None = arg(
        default=None, doc="Letters of the result that the offset has; none for no offset."
    )
    kernel_initializer: Initializer = arg(default=GlorotUniform(), doc="How the kernel starts.")
    bias_initializer: Initializer = arg(default=Zeros(), doc="How the offset starts.")
    kernel_regularizer: Regularizer | None = arg(default=None, doc="The penalty on the kernel.")
    bias_regularizer: Regularizer | None = arg(default=None, doc="The penalty on the offset.")
    kernel_constraint: Constraint | None = arg(
        default=None, doc="What the kernel is brought back to."
    )
    bias_constraint: Constraint | None = arg(
        default=None, doc="What the offset is brought back to."
    )
    lora_rank: int | None = arg(default=None, doc="Inner size of what adapts a fixed kernel.")
    lora_alpha: float | None = arg(
        default=None, doc="Scales it, by lora_alpha / lora_rank; lora_rank by default."
    )

    def check(self) -> str | None:
        """The equation has one of three forms, and every letter a meaning."""
        terms = self._terms()
        if terms is None:
            forms = "ab,bc->ac, ...ab,bc->...ac or ab...,bc->ac..."
            return f"`{self.equation}` is not of the form {forms}"
        x, kernel, y = terms
        if any(len(set(term)) < len(term) for term in terms):
            return f"`{self.equation}` has a letter twice in one tensor"
        lost = [letter for letter in kernel if letter not in x + y]
        new = [letter for letter in y if letter not in x + kernel]
        if lost or new:
            return f"`{(lost + new)[0]}` stands in one tensor of `{self.equation}` alone"
        if not self.equation.startswith(".") and (x[0] in kernel or x[0] != y[0]):
            return f"`{x[0]}` of `{self.equation}` is the batch: it must be first in the result"
        bad = [letter for letter in self.bias_axes or "" if letter not in y]
        if bad or self.bias_axes == "":
            return f"bias_axes must be letters of `{y}`, not `{self.bias_axes}`"
        return rank_fault(self.lora_rank, self.kernel_constraint, "kernel")

    def _terms(self) -> tuple[str, str, str] | None:
        found = (re.fullmatch(form, self.equation) for form in _FORMS)
        match = next((each for each in found if each), None)
        return (match[1], match[2], match[3]) if match else None

    def _plan(self, operand: TensorType) -> _Plan:
        """The weights for an operand. Raises TypeRuleError where it does not fit."""
        x, kernel, y = self._terms() or ("", "", "")
        dots = operand.rank - len(x)
        left = self.equation.startswith(".")
        if dots < left or (dots and "." not in self.equation):
            raise TypeRuleError(f"`{self.equation}` does not fit {operand}")
        given = self.output_shape if isinstance(self.output_shape, tuple) else (self.output_shape,)
        first = int(not left)  # the batch is a letter of its own
        if len(given) != len(y) - first:
            raise TypeRuleError(f"output_shape must have {len(y) - first} sizes, not {len(given)}")
        here = dict(zip(x, operand.shape[dots:] if left else operand.shape, strict=False))
        there: dict[str, Dim | None] = dict(zip(y[first:], given, strict=True))
        for letter, size in there.items():
            if letter in here and size not in (None, here[letter]):
                raise TypeRuleError(f"`{letter}` is {here[letter]} and {size} in output_shape")
        sizes: dict[str, Dim | None] = {**there, **here}
        at = min((y.index(letter) for letter in self.bias_axes), default=0) if self.bias_axes else 0
        bias = [letter if letter in (self.bias_axes or "") else "1" for letter in y[at:]]
        bias += ["1"] * (0 if left else dots)
        return _Plan(
            tuple(self._size(letter, sizes) for letter in kernel),
            tuple(self._size(letter, sizes) for letter in bias) if self.bias_axes else None,
            tuple(i for i, letter in enumerate(kernel) if letter not in y),
            tuple(i for i, letter in enumerate(kernel) if letter in y),
        )

    def _size(self, letter: str, sizes: Mapping[str, Dim | None]) -> int:
        size = 1 if letter == "1" else sizes[letter]
        if not isinstance(size, int) or size < 1:
            raise TypeRuleError(f"`{letter}` of `{self.equation}` needs a size, not {size}")
        return size

    def specs(self, types: tuple[TensorType, ...], dims: Dims) -> Mapping[str, WeightSpec]:
        """The kernel and the offset."""
        plan = self._plan(types[0])
        weights = {
            "kernel": WeightSpec(
                plan.kernel,
                self._start(plan),
                regularizer=self.kernel_regularizer,
                constraint=self.kernel_constraint,
            )
        }
        if plan.bias is not None:
            weights["bias"] = WeightSpec(
                plan.bias,
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        return adapt(weights, "kernel", self.lora_rank, dims)

    def _start(self, plan: _Plan) -> Initializer:
        """The kernel's initializer; a matrix of inputs by outputs has its fans anyway."""
        if (plan.inputs, plan.outputs) == ((0,), (1,)):
            return self.kernel_initializer
        return with_fans(self.kernel_initializer, plan.inputs, plan.outputs)

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """The product, an addition, the activation."""
        kernel = adapted(b, weights, "kernel", self.lora_rank, self.lora_alpha)
        y = b.op("einsum", to_float(b, operands[0]), kernel, equation=self.equation)
        if "bias" in weights:
            y = b.op("add", y, weights["bias"])
        return self.activation.lower(b, y) if self.activation else y
