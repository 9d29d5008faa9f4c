"""Sums of products, cross products. Operand types and attributes to try each op with."""

from tests.ops import Cases

CASES: Cases = {
    "einsum": [
        (("f32[B,5,4]", "f32[B,4,2]"), {"equation": "bij,bjk->bik"}),
        (("f32[B,5,4]", "f32[4,3,2]"), {"equation": "...j,jnh->...nh"}),
        (("f32[B,4,4]",), {"equation": "bii->b"}),
        (("f32[B,4]", "f32[B,4]", "f32[4]"), {"equation": "bi,bi,i->b"}),
        (("f32[B,5,4]", "f32[4,2,3]"), {"equation": "abc,cde->abde"}),
        (("f32[B,5,4]", "f32[4,2]"), {"equation": "...x,xy->...y"}),
        (("f32[B,4,5,6]", "f32[4,2]"), {"equation": "ab...,bc->ac..."}),
    ],
    "cross": [
        (("f32[B,5,3]", "f32[B,5,3]"), {}),
        (("f32[B,5,3]", "f32[2]"), {}),
        (("f32[B,2]", "f32[B,2]"), {}),
    ],
}
