"""Layers on the last axis: dense, embedding, activation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from kspec.activations.base import Activation
from kspec.constraints.base import Constraint
from kspec.initializers.base import Initializer
from kspec.initializers.random import RandomUniform
from kspec.ir import Builder, TensorType, Value
from kspec.layers.base import Dims, Layer, Masked, Named, WeightSpec, arg, layer, to_float
from kspec.layers.kernel import KernelLayer
from kspec.regularizers.base import Regularizer


@final
@layer("dense")
class Dense(KernelLayer):
    """Multiply the last axis by a learned matrix, then add a learned offset.

    y[..., j] = activation(sum_i x[..., i] * kernel[i, j] + bias[j])
    """

    shape = "*batch in -> *batch units"
    masking = "keeps"

    units: int = arg(doc="Size of the result's last axis.")

    def check(self) -> str | None:
        """There must be something to compute."""
        return None if self.units > 0 else "units must be at least 1"

    def misfit(self, *operands: TensorType) -> str | None:
        """A batch of single numbers has no axis to multiply."""
        return "it needs an axis beside the batch" if operands[0].rank < 2 else None

    def weights(self, dims: Dims) -> Mapping[str, WeightSpec]:
        """The matrix and the offset."""
        return self.kernel_and_bias("in units", "units")

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """A matrix product, an addition, the activation."""
        y = b.op("matmul", to_float(b, operands[0]), weights["kernel"])
        return self.finish(b, y, weights)


@final
@layer("embedding")
class Embedding(Layer):
    """Replace each integer by a learned vector.

    y[...] = embeddings[x[...]]

    With `mask_zero` the integer 0 is padding: layers behind it that know masks leave those
    time steps out.
    """

    shape = "*batch -> *batch output_dim"
    masking = "uses"

    input_dim: int = arg(doc="How many integers there are: 0 up to input_dim - 1.")
    output_dim: int = arg(doc="Size of a vector.")
    embeddings_initializer: Initializer = arg(default=RandomUniform(), doc="How the vectors start.")
    embeddings_regularizer: Regularizer | None = arg(
        default=None, doc="The penalty on the vectors."
    )
    embeddings_constraint: Constraint | None = arg(
        default=None, doc="What the vectors are brought back to."
    )
    mask_zero: bool = arg(default=False, doc="Whether 0 is padding.")

    def check(self) -> str | None:
        """A table has rows and columns."""
        sizes = (self.input_dim, self.output_dim)
        return None if min(sizes) > 0 else "input_dim and output_dim must be at least 1"

    def misfit(self, *operands: TensorType) -> str | None:
        """Only integers can be looked up."""
        dtype = operands[0].dtype
        return None if dtype[0] in "iu" else f"it looks integers up, not {operands[0]}"

    def weights(self, dims: Dims) -> Mapping[str, WeightSpec]:
        """The table of vectors."""
        return {
            "embeddings": WeightSpec(
                "input_dim output_dim",
                self.embeddings_initializer,
                regularizer=self.embeddings_regularizer,
                constraint=self.embeddings_constraint,
            )
        }

    def apply(
        self,
        b: Builder,
        operands: tuple[Masked, ...],
        weights: Mapping[str, Value],
        named: Named,
    ) -> tuple[Masked, ...]:
        """One lookup, and the mask."""
        tokens = operands[0].value
        vectors = b.op("take", weights["embeddings"], tokens)
        if not self.mask_zero:
            return (Masked(vectors),)
        zero = b.constant(0, tokens.type.dtype)
        return (Masked(vectors, b.op("not_equal", tokens, zero, hint=f"{tokens.hint}_mask")),)


@final
@layer("activation")
class ActivationLayer(Layer):
    """Apply an activation: y = activation(x). A bare name such as `relu` does the same."""

    shape = "*batch -> *batch"
    masking = "keeps"

    activation: Activation = arg(doc="The function.")

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """The activation's ops."""
        return self.activation.lower(b, to_float(b, operands[0]))
