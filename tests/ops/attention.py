"""Attention. Operand types and attributes to try each op with."""

from tests.ops import Cases

QUERY, KEY, VALUE = "f32[B,5,4,3]", "f32[B,6,2,3]", "f32[B,6,2,3]"

CASES: Cases = {
    name: [
        ((QUERY, KEY, VALUE), {"scale": 0.5, "causal": False}),
        ((QUERY, KEY, VALUE, "bool[B,1,5,6]"), {"scale": 0.5, "causal": False}),
        ((QUERY, QUERY, QUERY), {"scale": 0.5, "causal": True}),
    ]
    for name in ("dot_product_attention", "attention_native")
}
