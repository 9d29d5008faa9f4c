"""Categories as vectors. Operand types and attributes to try each op with."""

from tests.ops import Cases

CASES: Cases = {
    "count_categories": [
        (("i32[B,4]",), {"depth": 3, "most": 0}),
        (("i32[B,4]",), {"depth": 3, "most": 1}),
        (("u8[B,4]", "f32[B,4]"), {"depth": 3, "most": 0}),
    ],
}
