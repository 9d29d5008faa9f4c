"""Crossentropies. Operand types and attributes to try each op with."""

from tests.ops import PAIR, Cases

CASES: Cases = {
    "sparse_categorical_crossentropy": [
        ((f"i32{label}", f"f32{label[:-1]},9]"), {"from_logits": logits})
        for label in ("[B]", "[B,5]")
        for logits in (True, False)
    ],
    "categorical_crossentropy": [
        (("f32[B,5,4]", "f32[B,5,4]"), {"axis": axis, "from_logits": logits})
        for axis in (1, 2)
        for logits in (True, False)
    ],
    "binary_crossentropy": [(PAIR, {"from_logits": logits}) for logits in (True, False)],
}
