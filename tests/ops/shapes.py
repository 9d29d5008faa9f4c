"""Shapes and places. Operand types and attributes to try each op with."""

from tests.ops import FLOATS, Cases

CASES: Cases = {
    "reshape": [(("f32[B,5,4]",), {"shape": ("B", 20)}), (FLOATS, {"shape": ("B", 2, 2)})],
    "transpose": [(("f32[B,5,4]",), {"permutation": (0, 2, 1)})],
    "expand_dims": [(FLOATS, {"axis": axis}) for axis in (1, 2)],
    "squeeze": [(("f32[B,1,4]",), {"axis": 1})],
    "concatenate": [(("f32[B,4]", "f32[B,2]"), {"axis": 1})],
    "take": [(("f32[7,4]", "i32[B,5]"), {}), (("f32[7,4]", "u8[B]"), {})],
    "index": [
        (("f32[B,5,4]",), {"items": ((None, None, None), 2, (None, None, None))}),
        (("f32[B,5,4]",), {"items": ((None, None, None), (1, None, 2), -1)}),
        (("f32[B,5,4]",), {"items": ((None, None, None), (None, None, None), (None, -1, None))}),
    ],
    "one_hot": [(("i32[B,5]",), {"depth": 3}), (("i32[B]",), {"depth": 3, "dtype": "bf16"})],
}
