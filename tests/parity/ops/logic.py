"""Comparisons, logic, bits."""

from tests.parity.ops import Cases, reduced, same

COMPARE = "equal not_equal less less_equal greater greater_equal"
BITS = "and or xor left_shift right_shift"

CASES: Cases = {
    **same(f"{name}({pair})" for name in COMPARE.split() for pair in ("x, z", "j, 2")),
    **same(f"bitwise_{name}(j, h)" for name in BITS.split()),
    **same(["bitwise_and(j, 6)", "bitwise_left_shift(1, h)"]),
    **same(["isclose(x, z, rtol=0.5)", "isclose(x, 1, atol=0.25)"]),
    **same(["isclose(n, n, equal_nan=true)", "isclose(n, n)", "isclose(j, h)"]),
    **same(["isin(j, (1, -3, 7))", "isin(j, x2=(1, 2.5), invert=true)", "isin(x, [0, 0.5])"]),
    **same(f"logical_{word}(t, x > 0)" for word in ("and", "or", "xor")),
    **same(["logical_and(j, t)", "logical_not(t)", "logical_not(j)"]),
    **reduced("all any", "x > -1"),
    **same(["any(j, axis=2)", "all(t, axis=1)"]),
}
