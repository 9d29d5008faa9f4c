"""Norms."""

from tests.parity.ops import Cases, calls, reduced, same

VECTORS = ("0", "1", "2", "3", "-1", "-2", "0.5")
MATRICES = {"fro": '"fro"', "nuc": '"nuc"', "1": "1", "-1": "-1", "2": "2", "-2": "-2"}

CASES: Cases = {
    **reduced("norm"),
    "norm(m)": "each(k.norm)(m)",
    "norm(x, 1)": "each(lambda x: k.norm(x, 1))(x)",
    "norm(r, 3, keepdims=true)": "each(lambda r: k.norm(r, 3, keepdims=True))(r)",
    **same(f"norm(x, ord={order}, axis=2)" for order in VECTORS),
    **{
        f'norm(x, ord="{sign}inf", axis={axis})': f'k.norm(x, {sign}float("inf"), {axis})'
        for sign in ("", "-")
        for axis in ("1", "(1, 2)", "(2, 1)")
    },
    **{
        f"norm(x, {order}, axis=(1, 2))": f"k.norm(x, {spelt}, (1, 2))"
        for order, spelt in MATRICES.items()
    },
    **same(['norm(x, "nuc", (2, 1), true)', "norm(j, axis=1)", "norm(w) * x"]),
    **calls("normalize"),
    **same(["normalize(x, axis=1)", "normalize(x, axis=(1, 2))", "normalize(x, order=1)"]),
    **same(["normalize(x, order=3, epsilon=2)", "normalize(x, epsilon=5)"]),
}
