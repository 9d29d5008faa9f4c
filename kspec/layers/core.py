"""Layers on the last axis, and those that change nothing or one function: dense, activation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from kspec.activations.base import Activation
from kspec.ir import Builder, TensorType, Value
from kspec.layers.base import Dims, Layer, Masked, Named, WeightSpec, arg, layer, to_float
from kspec.layers.kernel import KernelLayer
from kspec.layers.lora import adapt, adapted, rank_fault
from kspec.registry import Example


@final
@layer("dense")
class Dense(KernelLayer):
    """Multiply the last axis by a learned matrix, then add a learned offset.

    y[..., j] = activation(sum_i x[..., i] * kernel[i, j] + bias[j])

    With `lora_rank` the kernel is fixed, and two thin matrices learn what is added to it.
    """

    shape = "*batch in -> *batch units"
    masking = "keeps"

    units: int = arg(doc="Size of the result's last axis.")
    lora_rank: int | None = arg(
        default=None, doc="Inner size of what adapts a fixed kernel.", last=True
    )
    lora_alpha: float | None = arg(
        default=None, doc="Scales it, by lora_alpha / lora_rank; lora_rank by default.", last=True
    )

    def check(self) -> str | None:
        """There must be something to compute."""
        if self.units < 1:
            return "units must be at least 1"
        return rank_fault(self.lora_rank, self.kernel_constraint, "kernel")

    def misfit(self, *operands: TensorType) -> str | None:
        """A batch of single numbers has no axis to multiply."""
        return "it needs an axis beside the batch" if operands[0].rank < 2 else None

    def weights(self, dims: Dims) -> Mapping[str, WeightSpec]:
        """The matrix and the offset."""
        weights = self.kernel_and_bias("in units", "units")
        return adapt(weights, "kernel", self.lora_rank, dims)

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """A matrix product, an addition, the activation."""
        kernel = adapted(b, weights, "kernel", self.lora_rank, self.lora_alpha)
        y = b.op("matmul", to_float(b, operands[0]), kernel)
        return self.finish(b, y, weights)


@final
@layer("activation")
class ActivationLayer(Layer):
    """Apply an activation: y = activation(x). A bare name such as `relu` does the same."""

    example = Example("x -> activation(relu)", x="f32[6]")

    shape = "*batch -> *batch"
    masking = "keeps"

    activation: Activation = arg(doc="The function.")

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """The activation's ops."""
        return self.activation.lower(b, to_float(b, operands[0]))


@final
@layer("identity")
class IdentityLayer(Layer):
    """Give the operand itself: y = x."""

    shape = "*batch -> *batch"
    masking = "keeps"

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """Nothing to write."""
        return operands[0]


@final
@layer("masking")
class Masking(Layer):
    """Leave out the time steps whose elements all have one value.

    Layers behind it that know masks skip those steps; their elements become 0.
    """

    shape = "batch *axes last -> batch *axes last"
    masking = "uses"

    mask_value: float = arg(default=0.0, doc="What the elements of such a step are.")

    def apply(
        self,
        b: Builder,
        operands: tuple[Masked, ...],
        weights: Mapping[str, Value],
        named: Named,
    ) -> tuple[Masked, ...]:
        """A comparison, and what it says of each step."""
        x = operands[0].value
        last = x.type.rank - 1
        whole = x.type.is_float or self.mask_value % 1
        value = b.constant(self.mask_value if whole else int(self.mask_value), x.type.dtype)
        hint = f"{x.hint}_mask"
        mask = b.op("any", b.op("not_equal", x, value, hint=hint), axis=(last,), hint=hint)
        zero = b.constant(0.0 if x.type.is_float else 0, x.type.dtype)
        y = b.op("select", b.op("expand_dims", mask, axis=last, hint=hint), x, zero)
        return (Masked(y, mask),)
