"""Recurrent layers over all steps at once. Operand types and attributes to try each op with."""

from tests.ops import Cases

PLAIN = {"bias": False, "initial_state": False, "mask": False, "reverse": False}
ALL = {"bias": True, "initial_state": True, "mask": True, "reverse": True}
STATE, MASK = "f32[B,4]", "bool[B,5]"
FOUR, THREE = ("f32[B,5,3]", "f32[3,16]", "f32[4,16]"), ("f32[B,5,3]", "f32[3,12]", "f32[4,12]")
LOW = tuple(type.replace("f32", "bf16") for type in FOUR)

CASES: Cases = {
    **{
        name: [
            (FOUR, PLAIN),
            (LOW, PLAIN),
            ((*FOUR, "f32[16]", STATE, STATE, MASK), ALL),
            ((*FOUR, STATE, STATE), PLAIN | {"initial_state": True}),
        ]
        for name in ("lstm", "lstm_native")
    },
    **{
        name: [
            (THREE, PLAIN),
            ((*THREE, "f32[2,12]", STATE, MASK), ALL),
            ((*THREE, MASK), PLAIN | {"mask": True}),
        ]
        for name in ("gru", "gru_native")
    },
}
