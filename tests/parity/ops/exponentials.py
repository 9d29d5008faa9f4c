"""Powers, logarithms, special functions."""

from tests.parity.ops import Cases, calls, same

CASES: Cases = {
    **calls("exp2 cbrt reciprocal erfc"),
    **{f"{name}(abs(x) + 0.1)": f"k.{name}(k.abs(x) + 0.1)" for name in ("log2", "log10", "i0")},
    **same(["erfinv(x / 4)", "exp2(j)", "logaddexp(x, z)", "logaddexp(x, 0)"]),
    **same(["logaddexp2(x, z)", "power(x, 3)", "power(2, h)", "heaviside(x, z)", "ldexp(x, j)"]),
    "power(abs(x) + 0.1, z)": "k.power(k.abs(x) + 0.1, z)",
    "heaviside(j, 0.5)": 'k.heaviside(k.cast(j, "float32"), 0.5)',
    "nextafter(x, z) * x": "k.nextafter(k.stop_gradient(x), k.stop_gradient(z)) * x",
    "nextafter(x, 9)": "k.nextafter(k.stop_gradient(x), 9.0)",
}
