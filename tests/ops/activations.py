"""Activations. Operand types and attributes to try each op with."""

from tests.ops import FLOATS, Cases

CASES: Cases = {
    **{name: [(FLOATS, {})] for name in ("hard_tanh", "sparse_plus", "sparse_sigmoid")},
    "squareplus": [(FLOATS, {}), (FLOATS, {"b": 1.0})],
    "sparsemax": [(("f32[B,5,4]",), {"axis": axis}) for axis in (1, 2)],
    "glu": [(("f32[B,6,4]",), {"axis": axis}) for axis in (1, 2)],
}
