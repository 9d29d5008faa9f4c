"""Layers on the last axis: dense, embedding, activation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from kspec.activations.base import Activation
from kspec.initializers.base import Initializer
from kspec.initializers.constants import Zeros
from kspec.initializers.random import GlorotUniform, RandomUniform
from kspec.ir import Builder, TensorType, Value
from kspec.layers.base import Dims, Layer, WeightSpec, arg, layer, to_float


@final
@layer("dense")
class Dense(Layer):
    """Multiply the last axis by a learned matrix, then add a learned offset.

    y[..., j] = activation(sum_i x[..., i] * kernel[i, j] + bias[j])
    """

    shape = "*batch in -> *batch units"

    units: int = arg(doc="Size of the result's last axis.")
    activation: Activation | None = arg(default=None, doc="Applied to the result.")
    use_bias: bool = arg(default=True, doc="Whether to add the offset.")
    kernel_initializer: Initializer = arg(default=GlorotUniform(), doc="How the matrix starts.")
    bias_initializer: Initializer = arg(default=Zeros(), doc="How the offset starts.")

    def check(self) -> str | None:
        """There must be something to compute."""
        return None if self.units > 0 else "units must be at least 1"

    def misfit(self, *operands: TensorType) -> str | None:
        """A batch of single numbers has no axis to multiply."""
        return "it needs an axis beside the batch" if operands[0].rank < 2 else None

    def weights(self, dims: Dims) -> Mapping[str, WeightSpec]:
        """The matrix and the offset."""
        weights = {"kernel": WeightSpec("in units", self.kernel_initializer)}
        if self.use_bias:
            weights["bias"] = WeightSpec("units", self.bias_initializer)
        return weights

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """A matrix product, an addition, the activation."""
        y = b.op("matmul", to_float(b, operands[0]), weights["kernel"])
        if self.use_bias:
            y = b.op("add", y, weights["bias"])
        return self.activation.lower(b, y) if self.activation else y


@final
@layer("embedding")
class Embedding(Layer):
    """Replace each integer by a learned vector.

    y[...] = embeddings[x[...]]
    """

    shape = "*batch -> *batch output_dim"

    input_dim: int = arg(doc="How many integers there are: 0 up to input_dim - 1.")
    output_dim: int = arg(doc="Size of a vector.")
    embeddings_initializer: Initializer = arg(default=RandomUniform(), doc="How the vectors start.")

    def check(self) -> str | None:
        """A table has rows and columns."""
        sizes = (self.input_dim, self.output_dim)
        return None if min(sizes) > 0 else "input_dim and output_dim must be at least 1"

    def misfit(self, *operands: TensorType) -> str | None:
        """Only integers can be looked up."""
        dtype = operands[0].dtype
        integers = dtype[0] in "iu"
        reason = f"it looks integers up, not {operands[0]}\ndeclare the input as `i32`"
        return None if integers else reason

    def weights(self, dims: Dims) -> Mapping[str, WeightSpec]:
        """The table of vectors."""
        return {"embeddings": WeightSpec("input_dim output_dim", self.embeddings_initializer)}

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One lookup."""
        return b.op("take", weights["embeddings"], operands[0])


@final
@layer("activation")
class ActivationLayer(Layer):
    """Apply an activation: y = activation(x). A bare name such as `relu` does the same."""

    shape = "*batch -> *batch"

    activation: Activation = arg(doc="The function.")

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """The activation's ops."""
        return self.activation.lower(b, to_float(b, operands[0]))
