"""Angles and hyperbolic functions."""

from tests.parity.ops import Cases, calls, same

CASES: Cases = {
    **calls("tan arctan deg2rad rad2deg sinc sinh cosh arcsinh"),
    **calls("arcsin arccos arctanh", "x / 4"),
    **same(["arctan2(x, z)", "arctan2(1, x)", "arctan2(j, h)"]),
    **same(["hypot(x, z)", "hypot(x, 3)", "tan(j)"]),
    "arccosh(abs(x) + 1.1)": "k.arccosh(k.abs(x) + 1.1)",
}
