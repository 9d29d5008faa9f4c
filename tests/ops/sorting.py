"""Order and lookup. Operand types and attributes to try each op with."""

from tests.ops import Cases

CASES: Cases = {
    **{
        name: [(("f32[B,5,4]",), {"axis": axis}) for axis in (1, 2)] for name in ("sort", "argsort")
    },
    "searchsorted": [(("f32[7]", "f32[B,4]"), {"side": side}) for side in ("left", "right")],
    "take_along_axis": [
        (("f32[B,5,4]", "i32[B,3,4]"), {"axis": 1}),
        (("f32[B,5,4]", "i32[B,5,1]"), {"axis": 2}),
        (("f32[B,5,4]", "i32[1,2,1]"), {"axis": 1}),
    ],
    "gather": [
        (("f32[B,5,4]", "i32[3,2]"), {"axis": 1}),
        (("f32[B,5,4]", "i32[]"), {"axis": 2}),
        (("f32[7,4]", "i32[B,3]"), {"axis": 0}),
    ],
}
