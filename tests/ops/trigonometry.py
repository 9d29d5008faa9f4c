"""Angles and hyperbolic functions. Operand types and attributes to try each op with."""

from tests.ops import FLOATS, PAIR, SHIFT, Cases

UNARY = "tan arcsin arccos arctan deg2rad rad2deg sinc sinh cosh arcsinh arccosh arctanh"

CASES: Cases = {
    **{name: [(FLOATS, {})] for name in UNARY.split()},
    **{name: [(PAIR, {}), (SHIFT, {})] for name in ("arctan2", "hypot")},
}
