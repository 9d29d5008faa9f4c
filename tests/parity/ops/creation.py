"""Tensors made from numbers; each is added to what depends on an input."""

from tests.parity.ops import Cases, same

MADE = (
    *("array([1, 2, 3, 4, 5, 6])", "array([[1, 2, 3, 4, 5, 6.5]])", "array(2.5)"),
    "array((((1, 2), (3, 4.5)), ((5, 6), (7, 8))))[0, 0, 1]",
    *("zeros((5, 6))", "zeros(6)", "ones((6,))", "full((5, 6), -2.5)", "full(6, fill_value=3)"),
    *("arange(6)", "arange(2, 14, 2)", "arange(0, stop=3, step=0.5)", "arange(3.0, -3, -1)"),
    *("linspace(0, 1, num=6)", "linspace(-2, 2.5, 6, endpoint=false)", "linspace(0, 1)[:6]"),
    *("logspace(0, 2, num=6)", "logspace(0, 2, 6, endpoint=false, base=2)"),
    *("geomspace(1, 100, num=6)", "geomspace(-8, -1, 6, endpoint=false)"),
    *("eye(5, 6)", "eye(6)[:5]", "eye(5, M=6, k=-1)", "tri(5, 6)", "tri(5, M=6, k=2)"),
    *("bartlett(6)", "blackman(6)", "hamming(6)", "hanning(6)"),
    "kaiser(6, 14)",
)

CASES: Cases = {
    **{f"{ours} + x": f"{theirs} + x" for ours, theirs in same(MADE).items()},
    **same(["arange(6) * h", "zeros_like(x)", "ones_like(j)", "ones_like(t)"]),
    **same(["full_like(x, 2.5)", "full_like(h, fill_value=7)", "full_like(u, 0.5) * x"]),
}
