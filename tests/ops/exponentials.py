"""Powers, logarithms, special functions. Operand types and attributes to try each op with."""

from tests.ops import FLOATS, PAIR, SHIFT, Cases

UNARY = "exp2 log2 log10 cbrt reciprocal erfc erfinv i0"

CASES: Cases = {
    **{name: [(FLOATS, {})] for name in UNARY.split()},
    **{name: [(PAIR, {}), (SHIFT, {})] for name in ("logaddexp", "logaddexp2")},
}
