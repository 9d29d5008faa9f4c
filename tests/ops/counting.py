"""Counting. Operand types and attributes to try each op with."""

from tests.ops import Cases

CASES: Cases = {
    "vector": [
        ((), {"values": (0.5, 2.0)}),
        ((), {"values": (1, 0, 2), "dtype": "i32"}),
    ],
    "count_below": [
        (("f32[B]",), {"thresholds": (0.5,)}),
        (("f32[B,5,4]",), {"thresholds": (0.1, 0.7)}),
    ],
    "count_below_even": [
        (("f32[B,4]",), {"count": 5}),
        (("f32[B]",), {"count": 5, "open_ends": True}),
    ],
    "binary_histograms": [
        (("i32[B]", "f32[B]", "f32[B]"), {"bins": 3}),
        (("i32[B,5,4]", "f32[B,5,4]", "f32[B,1,1]"), {"bins": 3}),
        (("i32[B,4]", "f32[B,4]", "f32[B,1]"), {"bins": 3, "by_label": True}),
    ],
    "class_counts": [
        (("f32[B,4]", "f32[B,4]", "f32[B]"), {}),
        (("f32[B,4]", "f32[B,4]", "f32[B]"), {"threshold": 0.5}),
    ],
    "confusion_counts": [(("f32[4]", "f32[4]"), {}), (("f32[4,2]", "f32[4,2]"), {})],
    "confusion_matrix": [
        (("i32[B]", "i32[B]", "f32[B]"), {"classes": 4}),
        (("i32[B,5,6]", "i32[B,5,6]", "f32[B,1,1]"), {"classes": 4, "ignore": 0}),
    ],
    "in_top_k": [
        (("i32[B]", "f32[B,4]"), {"k": 2}),
        (("i32[B,5]", "f32[B,5,4]"), {"k": 1}),
    ],
    "keep_top_k": [(("f32[B,4]",), {"k": 2}), (("f32[B,5,4]",), {"k": 4})],
    "signs_of_bits": [(("f32[B]", "f32[B]"), {}), (("f32[B,5,4]", "f32[B]"), {})],
}
