"""Chance. Operand types and attributes to try each op with."""

from tests.ops import Cases

CASES: Cases = {
    "iota": [((), {"size": 5})],
    "fold_in_number": [(("key[]", "i32[]"), {})],
    "fold_in": [(("key[]",), {"data": 3})],
    "dropout_with_key": [(("f32[B,4]", "key[]"), {"rate": 0.5})],
    "shared_dropout": [(("f32[B,4,3]", "key[]"), {"rate": 0.5, "axes": (1,)})],
    "alpha_dropout": [
        (("f32[B,4,3]", "key[]"), {"rate": 0.5, "axes": axes}) for axes in ((), (0, 2))
    ],
    "normal_like": [(("f32[B,4]", "key[]"), {})],
}
