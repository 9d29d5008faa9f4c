"""Several calls as one. Operand types and attributes to try each op with."""

from tests.ops import PAIR, Cases

CASES: Cases = {
    "join_calls": [(PAIR, {}), (("i32[5,B]",) * 3, {})],
    "split_calls": [(("f32[2B,4]",), {"calls": 2}), (("f32[5,3B]",), {"calls": 3})],
}
