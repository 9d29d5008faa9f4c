"""Losses of a whole batch. Operand types and attributes to try each op with."""

from tests.ops import FLOATS, PAIR, Cases

IMAGES = ("f32[B,8,8,2]", "f32[B,8,8,2]")
AXES = ((0, 1, 2, 3), (0, 1, 2), (1, 2, 3), (3,))
CASES: Cases = {
    "dice": [(PAIR, {"axis": (0, 1)}), *((IMAGES, {"axis": axis}) for axis in AXES)],
    "tversky": [(IMAGES, {"axis": axis, "alpha": 0.3, "beta": 0.7}) for axis in AXES],
    "circle": [
        (
            (label, "f32[B,4]", "f32[B]"),
            {"gamma": 80.0, "margin": 0.4, "remove_diagonal": removed},
        )
        for label in ("i32[B]", "u8[B]")
        for removed in (True, False)
    ],
    "signed_labels": [(FLOATS, {}), (("f32[B]",), {})],
    "spread_over_rows": [(("f32[]", "f32[B]"), {})],
    "scale_to_kept": [
        (("f32[B]", "bool[B]", "f32[B]"), {}),
        (("f32[B,5,4]", "bool[B,5,4]", "f32[B]"), {}),
        (("bf16[B]", "bool[B]", "f32[B]"), {}),
    ],
}
