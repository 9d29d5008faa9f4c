"""Attention with heads: projections of queries, keys and values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from kspec.constraints.base import Constraint
from kspec.initializers.base import Initializer
from kspec.initializers.constants import Zeros
from kspec.initializers.random import GlorotUniform
from kspec.ir import Builder, Shape, TensorType, Value
from kspec.layers.base import Dims, Layer, Masked, Named, WeightSpec, arg, layer, to_float
from kspec.layers.scores import attend, combined_mask, flat, unflat
from kspec.registry import Example
from kspec.regularizers.base import Regularizer

Weights = Mapping[str, Value]
Axes = int | tuple[int, ...]


class HeadedAttention(Layer):
    """Attention with projections for queries, keys, values and the result."""

    shape = "batch *query, batch *value, batch *key -> batch *query"
    counts = (1, 2, 3)
    keywords = ("attention_mask",)
    masking = "uses"

    dropout: float = arg(default=0.0, doc="The fraction of the attention to drop.", last=True)
    use_bias: bool = arg(default=True, doc="Whether the projections add offsets.", last=True)
    sliding_window: int | None = arg(
        default=None, doc="How near a key must be: nearer than this many steps.", last=True
    )
    kernel_initializer: Initializer = arg(
        default=GlorotUniform(), doc="How the kernels start.", last=True
    )
    bias_initializer: Initializer = arg(default=Zeros(), doc="How the offsets start.", last=True)
    kernel_regularizer: Regularizer | None = arg(
        default=None, doc="The penalty on each kernel.", last=True
    )
    bias_regularizer: Regularizer | None = arg(
        default=None, doc="The penalty on each offset.", last=True
    )
    kernel_constraint: Constraint | None = arg(
        default=None, doc="What each kernel is brought back to.", last=True
    )
    bias_constraint: Constraint | None = arg(
        default=None, doc="What each offset is brought back to.", last=True
    )
    use_gate: bool = arg(
        default=False, doc="Whether a sigmoid of the query gates the result.", last=True
    )
    return_attention_scores: bool = arg(
        default=False, doc="Whether to give the attention itself, too.", last=True
    )
    use_causal_mask: bool = arg(
        default=False, doc="Whether a step sees itself and earlier ones alone.", last=True
    )

    def projection(self, kernel: Shape, bias: Shape) -> dict[str, WeightSpec]:
        """The kernel and the offset of one projection."""
        weights = {
            "kernel": WeightSpec(
                kernel,
                self.kernel_initializer,
                regularizer=self.kernel_regularizer,
                constraint=self.kernel_constraint,
            )
        }
        if self.use_bias:
            weights["bias"] = WeightSpec(
                bias,
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        return weights

    def project(self, b: Builder, equation: str, x: Value, weights: Weights, name: str) -> Value:
        """One projection, its values named after it."""
        with b.at(b.span, b.hint if name == "attention_output" else name):
            y = b.op("einsum", x, weights[f"{name}.kernel"], equation=equation)
            return b.op("add", y, weights[f"{name}.bias"]) if self.use_bias else y

    def check_common(self) -> str | None:
        """Something must be left, and a window has a size."""
        if not 0 <= self.dropout < 1:
            return f"dropout must be in [0, 1), not {self.dropout}"
        if self.sliding_window is not None and self.sliding_window < 1:
            return "sliding_window must be at least 1"
        return None


@dataclass(frozen=True, slots=True)
class _Sides:
    """Queries, values and keys, those that are left out filled in, and their masks."""

    query: Masked
    value: Masked
    key: Masked
    key_mask: Value | None  # only of a key of its own

    @classmethod
    def of(cls, operands: tuple[Masked, ...]) -> _Sides:
        query = operands[0]
        value = operands[1] if len(operands) > 1 else query
        key = operands[2] if len(operands) > 2 else value
        return cls(query, value, key, key.mask if len(operands) > 2 else None)


@final
@layer("multi_head_attention")
class MultiHeadAttention(HeadedAttention):
    """Each step of the query takes a mixture of the values, by how keys fit it.

    head = softmax(q @ k^T / sqrt(key_dim)) @ v, with q, k, v projected for each head; the
    heads side by side are projected again. Operands are query, value and key; a key that is
    left out is the value, and a value that is left out is the query. Keras' activity
    regularizer and flash_attention are left out. Source: Vaswani et al., 2017; the gate: Qiu
    et al., 2025.
    """

    example = Example("(x, x) -> multi_head_attention(2, 3)", x="f32[8, 6]")

    num_heads: int = arg(doc="Number of heads.")
    key_dim: int = arg(doc="Size of a head's queries and keys.")
    value_dim: int | None = arg(default=None, doc="Size of a head's values; key_dim by default.")
    output_shape: Axes | None = arg(
        default=None,
        doc="The last axes of the result; those of the query by default.",
        after="use_bias",
    )
    attention_axes: Axes | None = arg(
        default=None, doc="The axes of steps; all but the last by default.", after="output_shape"
    )

    def check(self) -> str | None:
        """There must be something to compute."""
        if min(self.num_heads, self.key_dim, self.value_dim or 1) < 1:
            return "num_heads, key_dim and value_dim must be at least 1"
        return self.check_common()

    def misfit(self, *operands: TensorType) -> str | None:
        """Steps with features, of one rank, along axes that are there."""
        rank = operands[0].rank
        if any(each.rank != rank for each in operands) or rank < 3:
            return "query, value and key need an axis of steps and one of features, and one rank"
        axes = self._axes(rank)
        if not all(0 < axis < rank - 1 for axis in axes):
            return f"{operands[0]} has no axes {axes} of steps"
        return None

    def _axes(self, rank: int) -> tuple[int, ...]:
        given = self.attention_axes
        if given is None:
            return tuple(range(1, rank - 1))
        axes = (given,) if isinstance(given, int) else given
        return tuple(axis % rank for axis in axes)

    def _result_axes(self, query: TensorType) -> Shape:
        if self.output_shape is None:
            return query.shape[-1:]
        return self.output_shape if isinstance(self.output_shape, tuple) else (self.output_shape,)

    def specs(self, types: tuple[TensorType, ...], dims: Dims) -> Mapping[str, WeightSpec]:
        """A projection for queries, keys, values, the gate and the result."""
        del dims
        query, value = types[0], types[min(1, len(types) - 1)]
        key = types[2] if len(types) > 2 else value
        heads, size, wide = self.num_heads, self.key_dim, self.value_dim or self.key_dim
        result = self._result_axes(query)
        parts = {
            "query": self.projection((query.shape[-1], heads, size), (heads, size)),
            "key": self.projection((key.shape[-1], heads, size), (heads, size)),
            "gate": self.projection((query.shape[-1], heads, wide), (heads, wide)),
            "value": self.projection((value.shape[-1], heads, wide), (heads, wide)),
            "attention_output": self.projection((heads, wide, *result), result),
        }
        if not self.use_gate:
            del parts["gate"]
        return {f"{name}.{k}": spec for name, part in parts.items() for k, spec in part.items()}

    def apply(
        self, b: Builder, operands: tuple[Masked, ...], weights: Weights, named: Named
    ) -> tuple[Masked, ...]:
        """Project, attend, project again."""
        sides = _Sides.of(operands)
        axes = self._axes(sides.query.value.type.rank)
        q, v, k = (
            flat(b, to_float(b, each.value), axes) for each in (sides.query, sides.value, sides.key)
        )
        lead = "abcd"[: q.type.rank - 2]
        project = f"{lead}tm,mnh->{lead}tnh"
        gate = self.project(b, project, q, weights, "gate") if self.use_gate else None
        query = self.project(b, project, q, weights, "query")
        key = self.project(b, project, k, weights, "key")
        value = self.project(b, project, v, weights, "value")
        masks = (sides.query.mask, sides.value.mask, sides.key_mask)
        given = named["attention_mask"][0].value if "attention_mask" in named else None
        window = self.sliding_window
        mask, causal = combined_mask(b, query, key, masks, given, self.use_causal_mask, window)
        plain = lead == "a" and not self.dropout and not self.return_attention_scores
        y, scores = attend(
            b, query, key, value, mask, causal, 1 / math.sqrt(self.key_dim), self.dropout, plain
        )
        if gate is not None:
            y = b.op("multiply", y, b.op("sigmoid", gate))
        ends = "xyz"[: len(self._result_axes(sides.query.value.type))]
        y = self.project(b, f"{lead}tnh,nh{ends}->{lead}t{ends}", y, weights, "attention_output")
        y = unflat(b, y, sides.query.value.type, axes)
        result = (Masked(y, sides.query.mask),)
        if scores is None or not self.return_attention_scores:
            return result
        return (*result, Masked(scores))


@final
@layer("group_query_attention")
class GroupQueryAttention(HeadedAttention):
    """Multi-head attention where several query heads share the keys and values of one.

    Operands are query, value and key, as for `multi_head_attention`. Source: Ainslie et al.,
    2023.
    """

    example = Example("(x, x) -> group_query_attention(4, 2, 1)", x="f32[8, 6]")

    head_dim: int = arg(doc="Size of a head.")
    num_query_heads: int = arg(doc="Number of query heads.")
    num_key_value_heads: int = arg(doc="Number of key and value heads, which divides the former.")

    def check(self) -> str | None:
        """Each key head serves the same number of query heads."""
        if min(self.head_dim, self.num_query_heads, self.num_key_value_heads) < 1:
            return "head_dim and the numbers of heads must be at least 1"
        if self.num_query_heads % self.num_key_value_heads:
            return "num_key_value_heads must divide num_query_heads"
        return self.check_common()

    def misfit(self, *operands: TensorType) -> str | None:
        """Steps with features."""
        fits = all(each.rank == 3 for each in operands)
        return None if fits else "query, value and key are [steps, features]"

    def specs(self, types: tuple[TensorType, ...], dims: Dims) -> Mapping[str, WeightSpec]:
        """A projection for queries, keys, values, the gate and the result."""
        del dims
        query, value = types[0], types[min(1, len(types) - 1)]
        key = types[2] if len(types) > 2 else value
        many, few, size = self.num_query_heads, self.num_key_value_heads, self.head_dim
        features = query.shape[-1]
        parts = {
            "query": self.projection((features, many, size), (many, size)),
            "key": self.projection((key.shape[-1], few, size), (few, size)),
            "gate": self.projection((features, many, size), (many, size)),
            "value": self.projection((value.shape[-1], few, size), (few, size)),
            "attention_output": self.projection((many, size, features), (features,)),
        }
        if not self.use_gate:
            del parts["gate"]
        return {f"{name}.{k}": spec for name, part in parts.items() for k, spec in part.items()}

    def apply(
        self, b: Builder, operands: tuple[Masked, ...], weights: Weights, named: Named
    ) -> tuple[Masked, ...]:
        """Project, repeat keys and values, attend, project again."""
        sides = _Sides.of(operands)
        q, v, k = (to_float(b, each.value) for each in (sides.query, sides.value, sides.key))
        project = "atm,mnh->atnh"
        gate = self.project(b, project, q, weights, "gate") if self.use_gate else None
        query = self.project(b, project, q, weights, "query")
        key = self.project(b, project, k, weights, "key")
        value = self.project(b, project, v, weights, "value")
        times = self.num_query_heads // self.num_key_value_heads
        masks = (sides.query.mask, sides.value.mask, sides.key_mask)
        given = named["attention_mask"][0].value if "attention_mask" in named else None
        window = self.sliding_window
        mask, causal = combined_mask(b, query, key, masks, given, self.use_causal_mask, window)
        plain = not self.dropout and not self.return_attention_scores
        if times > 1 and not plain:  # JAX's own attention repeats them by itself
            key = b.op("repeat", key, repeats=times, axis=2, hint="key")
            value = b.op("repeat", value, repeats=times, axis=2, hint="value")
        scale = 1 / math.sqrt(self.head_dim)
        y, scores = attend(b, query, key, value, mask, causal, scale, self.dropout, plain)
        if gate is not None:
            y = b.op("multiply", y, b.op("sigmoid", gate))
        y = self.project(b, "atnh,nhm->atm", y, weights, "attention_output")
        result = (Masked(y, sides.query.mask),)
        if scores is None or not self.return_attention_scores:
            return result
        return (*result, Masked(scores))
