"""Layers that turn integers into learned vectors, and vectors back into integers' scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from kspec.constraints.base import Constraint
from kspec.initializers.base import Initializer
from kspec.initializers.random import RandomUniform
from kspec.ir import Builder, TensorType, Value
from kspec.layers.base import Dims, Layer, Masked, Named, WeightSpec, arg, layer, to_float
from kspec.layers.lora import adapt, adapted, rank_fault
from kspec.registry import Example
from kspec.regularizers.base import Regularizer


class _Table(Layer):
    """A table with a learned vector for each integer."""

    shape = "*batch -> *batch output_dim"
    masking = "uses"

    input_dim: int = arg(doc="How many integers there are: 0 up to input_dim - 1.")
    output_dim: int = arg(doc="Size of a vector.")
    embeddings_initializer: Initializer = arg(
        default=RandomUniform(), doc="How the vectors start.", last=True
    )
    embeddings_regularizer: Regularizer | None = arg(
        default=None, doc="The penalty on the vectors.", last=True
    )
    embeddings_constraint: Constraint | None = arg(
        default=None, doc="What the vectors are brought back to.", last=True
    )
    mask_zero: bool = arg(default=False, doc="Whether 0 is padding.", last=True)

    def check(self) -> str | None:
        """A table has rows and columns."""
        sizes = (self.input_dim, self.output_dim)
        return None if min(sizes) > 0 else "input_dim and output_dim must be at least 1"

    def misfit(self, *operands: TensorType) -> str | None:
        """Only integers can be looked up."""
        dtype = operands[0].dtype
        reason = f"it looks integers up, not {operands[0]}\ndeclare the input as `i32`"
        return None if dtype[0] in "iu" else reason

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

    def look_up(self, b: Builder, table: Value, operand: Masked) -> tuple[Masked, ...]:
        """The vectors of integers; what counts is in the operand's mask, and no zero if asked."""
        tokens, mask = operand.value, operand.mask
        vectors = b.op("take", table, tokens)
        if not self.mask_zero:
            return (Masked(vectors, mask),)
        hint = f"{tokens.hint}_mask"
        zero = b.constant(0, tokens.type.dtype)
        words = b.op("not_equal", tokens, zero, hint=hint)
        if mask is None:
            return (Masked(vectors, words),)
        return (Masked(vectors, b.op("logical_and", mask, words, hint=hint)),)


@final
@layer("embedding")
class Embedding(_Table):
    """Replace each integer by a learned vector.

    y[...] = embeddings[x[...]]

    With `mask_zero` the integer 0 is padding: layers behind it that know masks leave those
    time steps out, as they do with the padding of ragged inputs. With `lora_rank` the table is
    fixed, and two thin matrices learn what is added to it.
    """

    example = Example("x -> embedding(100, 4)", x="i32[8]")

    lora_rank: int | None = arg(
        default=None, doc="Inner size of what adapts a fixed table.", last=True
    )
    lora_alpha: float | None = arg(
        default=None, doc="Scales it, by lora_alpha / lora_rank; lora_rank by default.", last=True
    )

    def check(self) -> str | None:
        """A table has rows and columns, and adapts or is constrained."""
        return super().check() or rank_fault(
            self.lora_rank, self.embeddings_constraint, "embeddings"
        )

    def weights(self, dims: Dims) -> Mapping[str, WeightSpec]:
        """The table of vectors, and what adapts it."""
        return adapt(super().weights(dims), "embeddings", self.lora_rank, dims)

    def apply(
        self,
        b: Builder,
        operands: tuple[Masked, ...],
        weights: Mapping[str, Value],
        named: Named,
    ) -> tuple[Masked, ...]:
        """One lookup, and the mask."""
        table = adapted(b, weights, "embeddings", self.lora_rank, self.lora_alpha)
        return self.look_up(b, table, operands[0])


@final
@layer("reversible_embedding")
class ReversibleEmbedding(_Table):
    """Replace each integer by a learned vector, or, in reverse, score all integers.

    y[...] = embeddings[x[...]]; in reverse y = x @ transpose(embeddings)

    `share words = reversible_embedding(1000, 64)` is called as `words(tokens)`, and as
    `words(x, reverse=true)` at the model's end. With a cap the scores in reverse are
    tanh(y / cap) * cap. Source: Press and Wolf, 2016.
    """

    example = Example("x -> reversible_embedding(100, 4)", x="i32[8]")

    modes = ("reverse",)

    tie_weights: bool = arg(default=True, doc="Whether both ways have the same weights.")
    logit_soft_cap: float | None = arg(
        default=None, doc="What no score in reverse goes beyond.", last=True
    )
    reverse: bool = arg(default=False, doc="Whether this call scores integers.", last=True)

    def check(self) -> str | None:
        """A table has rows and columns, and a cap is above 0."""
        if self.logit_soft_cap is not None and self.logit_soft_cap <= 0:
            return f"logit_soft_cap must be greater than 0, not {self.logit_soft_cap}"
        return super().check()

    def misfit(self, *operands: TensorType) -> str | None:
        """Vectors in reverse, integers otherwise."""
        (x,) = operands
        if not self.reverse:
            return super().misfit(x)
        if x.rank < 2 or x.shape[-1] != self.output_dim:
            return f"in reverse it scores vectors of {self.output_dim} elements, not {x}"
        return None

    def weights(self, dims: Dims) -> Mapping[str, WeightSpec]:
        """The table of vectors, and one more for the way back unless it is the same."""
        weights = dict(super().weights(dims))
        if not self.tie_weights:
            start = self.embeddings_initializer
            weights["reverse_embeddings"] = WeightSpec("output_dim input_dim", start)
        return weights

    def apply(
        self,
        b: Builder,
        operands: tuple[Masked, ...],
        weights: Mapping[str, Value],
        named: Named,
    ) -> tuple[Masked, ...]:
        """One lookup and the mask, or one product."""
        x = operands[0].value
        if not self.reverse:
            return self.look_up(b, weights["embeddings"], operands[0])
        if self.tie_weights:
            kernel = b.op("transpose", weights["embeddings"], permutation=(1, 0))
        else:
            kernel = weights["reverse_embeddings"]
        y = b.op("matmul", to_float(b, x), kernel)
        if self.logit_soft_cap is not None:
            cap = b.constant(self.logit_soft_cap, y.type.dtype)
            y = b.op("multiply", b.op("tanh", b.op("divide", y, cap)), cap)
        return (Masked(y),)
