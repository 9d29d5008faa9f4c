"""Sums of products over named axes. Operand types and attributes to try each op with."""

from tests.ops import Cases

CASES: Cases = {
    "einsum": [
        (("f32[B,5,4]", "f32[4,2,3]"), {"equation": "abc,cde->abde"}),
        (("f32[B,5,4]", "f32[4,2]"), {"equation": "...x,xy->...y"}),
        (("f32[B,4,5,6]", "f32[4,2]"), {"equation": "ab...,bc->ac..."}),
    ],
}
