"""Attention. The type rules."""

from __future__ import annotations

from typing import Final

from kspec.ir.rules import Attrs, Types, broadcast, op, require, require_float
from kspec.ir.types import TensorType

ATTENTION: Final = frozenset({"dot_product_attention", "attention_native"})


@op("dot_product_attention", "attention_native", required=("scale", "causal"))
def _dot_product_attention(types: Types, attrs: Attrs) -> Types:
    """`query [B,T,N,H]`, `key [B,S,K,H]`, `value [B,S,K,V]`, maybe `mask bool[B,1,T,S]`.

    The heads of the query, N, are a multiple of those of key and value, K.
    """
    require(len(types) in (3, 4), f"attention takes 3 or 4 operands, not {len(types)}")
    query, key, value = types[:3]
    require_float(query, "attention")
    require(all(each.rank == 4 for each in types), "attention takes operands of 4 axes")
    batch, steps, heads, size = query.shape
    keys, shared = key.shape[1], key.shape[2]
    fits = key.shape == (batch, keys, shared, size) and value.shape[:3] == key.shape[:3]
    require(fits, f"{query}, {key} and {value} do not fit")
    whole = isinstance(heads, int) and isinstance(shared, int) and heads % shared == 0
    require(whole, f"{heads} heads of the query cannot share {shared} of the keys")
    for mask in types[3:]:
        require(mask.dtype == "bool", f"a mask is bool, not {mask}")
        scores = TensorType("bool", (batch, heads, steps, keys))
        require(broadcast(mask, scores) == scores.shape, f"a mask {mask} does not fit {scores}")
    return (query.with_shape((batch, steps, heads, value.shape[3])),)
