"""Rests, steps, limits, bits. Operand types and attributes to try each op with."""

from tests.ops import FLOATS, PAIR, SHIFT, Cases

INTEGERS = ("i32[B,4]", "i32[B,4]")
CHECKS = "isnan isinf isfinite isposinf isneginf signbit"
BITS = "bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift gcd lcm"

CASES: Cases = {
    "trunc": [(FLOATS, {})],
    "nan_to_num": [(FLOATS, {}), (FLOATS, {"nan": 1.0, "posinf": 9.0, "neginf": -9.0})],
    **{
        name: [(PAIR, {}), (SHIFT, {}), (INTEGERS, {})]
        for name in ("mod", "fmod", "floor_divide", "fmax", "fmin")
    },
    **{name: [(PAIR, {}), (SHIFT, {})] for name in ("heaviside", "nextafter")},
    **{name: [(INTEGERS, {}), (("u8[B,5]", "u8[5]"), {})] for name in BITS.split()},
    "bitwise_invert": [(INTEGERS[:1], {})],
    "ldexp": [(("f32[B,4]", "i32[B,4]"), {}), (("f32[B,4]", "i32[]"), {})],
    "isclose": [(PAIR, {}), (SHIFT, {"rtol": 0.1, "atol": 0.0, "equal_nan": True})],
    **{name: [(FLOATS, {})] for name in CHECKS.split()},
}
