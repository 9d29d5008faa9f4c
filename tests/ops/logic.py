"""Logic. Operand types and attributes to try each op with."""

from tests.ops import Cases

BOOLEANS = ("bool[B,4]",)

CASES: Cases = {
    "logical_not": [(BOOLEANS, {})],
    **{
        f"logical_{word}": [(BOOLEANS * 2, {}), (("bool[B,5,4]", "bool[4]"), {})]
        for word in ("and", "or", "xor")
    },
    **{
        name: [
            (("bool[B,5,4]",), {"axis": (1, 2)}),
            (("bool[B,5]",), {"axis": (1,), "keepdims": True}),
        ]
        for name in ("any", "all")
    },
    "ones_mask": [(("f32[B,5,4]",), {})],
    "length_mask": [(("i32[B,5]", "i32[B]"), {}), (("f32[B,T,4]", "i32[B]"), {})],
}
