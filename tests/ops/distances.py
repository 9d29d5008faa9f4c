"""Distances, element by element. Operand types and attributes to try each op with."""

from tests.ops import FLOATS, PAIR, Cases

BROADCAST = ("f32[B,1]", "f32[B,4]")
CASES: Cases = {
    "log_cosh": [(FLOATS, {}), (("bf16[B,4]",), {})],
    "huber": [(FLOATS, {"delta": 0.5}), (("bf16[B,4]",), {"delta": 0.5})],
    "absolute_percentage_error": [(PAIR, {}), (BROADCAST, {})],
    "squared_logarithmic_error": [(PAIR, {}), (BROADCAST, {})],
    "poisson_error": [(PAIR, {}), (BROADCAST, {})],
}
