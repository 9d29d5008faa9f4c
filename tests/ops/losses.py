"""Losses on the scores of classes. Operand types and attributes to try each op with."""

from tests.ops import PAIR, Cases

CASES: Cases = {
    "linear_crossentropy": [
        (("i32[B]", "f32[B,4]", "f32[4,9]", "f32[9]"), {"bias": True, "rows": 2}),
        (("u8[B,5]", "f32[B,5,4]", "f32[4,9]"), {"bias": False, "rows": 3}),
        (("i32[B,5]", "bf16[B,5,4]", "bf16[4,9]"), {"bias": False, "rows": 100}),
    ],
    "sparse_categorical_crossentropy": [
        ((label, predicted), {"axis": axis, "from_logits": logits, "ignore_class": ignored})
        for label, predicted, axis in (
            ("i32[B]", "f32[B,9]", 1),
            ("i32[B,5]", "f32[B,5,9]", 2),
            ("u8[B,5]", "f32[B,9,5]", 1),
        )
        for logits in (True, False)
        for ignored in (None, 255)
    ],
    "categorical_crossentropy": [
        (("f32[B,5,4]", "f32[B,5,4]"), {"axis": axis, "from_logits": logits})
        for axis in (1, 2)
        for logits in (True, False)
    ],
    "binary_crossentropy": [(PAIR, {"from_logits": logits}) for logits in (True, False)],
    "binary_focal_crossentropy": [
        (PAIR, {"from_logits": logits, "gamma": 2.0, "alpha": alpha})
        for logits in (True, False)
        for alpha in (None, 0.25)
    ],
    "categorical_focal_crossentropy": [
        (
            ("f32[B,5,4]", "f32[B,5,4]"),
            {"axis": axis, "from_logits": logits, "gamma": 2.0, "alpha": alpha},
        )
        for axis in (1, 2)
        for logits in (True, False)
        for alpha in (0.25, (0.1, 0.2, 0.3, 0.4))
    ],
    "categorical_generalized_cross_entropy": [
        (("i32[B]", "f32[B,9]"), {"q": 0.5}),
        (("u8[B,5]", "f32[B,5,9]"), {"q": 0.5}),
    ],
    "kl_divergence": [(PAIR, {}), (("f32[B,5,4]", "f32[B,5,4]"), {})],
    "categorical_hinge": [(PAIR, {}), (("f32[B,5,4]", "f32[B,5,4]"), {})],
    "cosine_similarity": [(("f32[B,5,4]", "f32[B,5,4]"), {"axis": axis}) for axis in (1, 2)],
    "ctc": [(("i32[B,3]", "f32[B,5,4]"), {}), (("u8[B,3]", "bf16[B,5,4]"), {})],
}
