"""Attention without heads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, final

from kspec.initializers.constants import Ones
from kspec.initializers.random import GlorotUniform
from kspec.ir import Builder, Value
from kspec.layers.base import Dims, Layer, Masked, Named, WeightSpec, arg, layer, to_float
from kspec.layers.scores import combined_mask, softmax_of
from kspec.registry import Example

Weights = Mapping[str, Value]
Axes = int | tuple[int, ...]


class ScoredAttention(Layer):
    """softmax(scores of query and key) @ value, without projections."""

    shape = "batch steps features, batch keys features, batch keys features -> batch steps features"
    counts = (2, 3)
    masking = "uses"

    dropout: float = arg(default=0.0, doc="The fraction of the attention to drop.", last=True)
    return_attention_scores: bool = arg(
        default=False, doc="Whether to give the attention itself, too.", last=True
    )
    use_causal_mask: bool = arg(
        default=False, doc="Whether a step sees itself and earlier ones alone.", last=True
    )

    def check(self) -> str | None:
        """Something must be left."""
        inside = 0 <= self.dropout < 1
        return None if inside else f"dropout must be in [0, 1), not {self.dropout}"

    def scores(self, b: Builder, query: Value, key: Value, weights: Weights) -> Value:
        """How each key fits each step of the query: `f32[B,steps,keys]`."""
        raise NotImplementedError

    def apply(
        self, b: Builder, operands: tuple[Masked, ...], weights: Weights, named: Named
    ) -> tuple[Masked, ...]:
        """Scores, their softmax, the mixture; the result of a masked query is 0."""
        del named
        query, value = operands[:2]
        key = operands[2] if len(operands) > 2 else value
        q, v, k = (to_float(b, each.value) for each in (query, value, key))
        scores = self.scores(b, q, k, weights)
        mask, causal = combined_mask(
            b, q, k, (None, value.mask, None), None, self.use_causal_mask, None, explicit=True
        )
        assert not causal
        attention = softmax_of(b, scores, mask, lower=1.0e9)
        kept = attention
        if self.dropout:
            key_ = b.op("random_key", hint="key")
            drawn = b.op("dropout_with_key", attention, key_, rate=self.dropout)
            kept = b.op("where_training", drawn, attention)
        y = b.op("matmul", kept, v)
        if query.mask is not None:
            real = b.op("expand_dims", query.mask, axis=2, hint=query.mask.hint)
            y = b.op("select", real, y, b.constant(0.0))
        result = (Masked(y, query.mask),)
        return (*result, Masked(attention)) if self.return_attention_scores else result


def _pairs(b: Builder, query: Value, key: Value) -> Value:
    """Tanh of the sums of all steps of the query with all keys: `f32[B,steps,keys,features]`."""
    left = b.op("expand_dims", query, axis=2)
    right = b.op("expand_dims", key, axis=1)
    return b.op("add", left, right)


@final
@layer("attention")
class Attention(ScoredAttention):
    """Dot-product attention: scores are query @ key^T. Source: Luong et al., 2015.

    With `score_mode="concat"` they are concat_score_weight * sum(tanh(scale * (q + k))).
    """

    example = Example("(query, value) -> attention", query="f32[5, 6]", value="f32[8, 6]")

    use_scale: bool = arg(default=False, doc="Whether scores have a learned factor.")
    score_mode: Literal["dot", "concat"] = arg(default="dot", doc="How scores are made.")

    def weights(self, dims: Dims) -> Mapping[str, WeightSpec]:
        """The factors."""
        weights: dict[str, WeightSpec] = {}
        if self.use_scale:
            weights["scale"] = WeightSpec((), Ones())
        if self.score_mode == "concat":
            weights["concat_score_weight"] = WeightSpec((), Ones())
        return weights

    def scores(self, b: Builder, query: Value, key: Value, weights: Weights) -> Value:
        """A product, or the sum of a tanh."""
        if self.score_mode == "dot":
            turned = b.op("transpose", key, permutation=(0, 2, 1))
            scores = b.op("matmul", query, turned)
            return b.op("multiply", scores, weights["scale"]) if self.use_scale else scores
        pairs = _pairs(b, query, key)
        if self.use_scale:
            pairs = b.op("multiply", pairs, weights["scale"])
        total = b.op("sum", b.op("tanh", pairs), axis=(3,))
        return b.op("multiply", total, weights["concat_score_weight"])


@final
@layer("additive_attention")
class AdditiveAttention(ScoredAttention):
    """Additive attention: scores are sum(scale * tanh(query + key)). Source: Bahdanau, 2015."""

    example = Example("(query, value) -> additive_attention", query="f32[5, 6]", value="f32[8, 6]")

    use_scale: bool = arg(default=True, doc="Whether each feature has a learned factor.")

    def weights(self, dims: Dims) -> Mapping[str, WeightSpec]:
        """The factors."""
        return {"scale": WeightSpec("features", GlorotUniform())} if self.use_scale else {}

    def scores(self, b: Builder, query: Value, key: Value, weights: Weights) -> Value:
        """The sum of a tanh."""
        pairs = b.op("tanh", _pairs(b, query, key))
        if self.use_scale:
            pairs = b.op("multiply", weights["scale"], pairs)
        return b.op("sum", pairs, axis=(3,))
