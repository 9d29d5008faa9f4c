"""Ops on each element by itself."""

from tests.parity.ops import Cases, calls, same

UNARY = "abs negative sign square exp expm1 sin cos erf floor ceil round stop_gradient"

CASES: Cases = {
    **calls(UNARY),
    **{
        f"{name}(abs(x) + 0.1)": f"k.{name}(k.abs(x) + 0.1)"
        for name in ("log", "log1p", "sqrt", "rsqrt")
    },
    **calls("abs exp floor round stop_gradient sign square negative", "j"),
    **same(
        [
            "round(x, decimals=1)",
            "round(x * 100, -1)",
            "round(j, -1)",
            "maximum(x, z)",
            "maximum(x, 0)",
            "minimum(0.5, x)",
            "maximum(x, v)",
            "where(z > 0, x, 0)",
            "where(h - 3, x, z)",
            "where(z > 0, 1, 0.5) * x",
            "clip(x, -0.5, x_max=0.5)",
        ]
    ),
    "x -> minimum(z)": "k.minimum(x, z)",
    "divide_no_nan(x, maximum(z, 0))": "k.divide_no_nan(x, k.maximum(z, 0))",
    'cast(x * 3, "i32") * x': 'k.cast(x * 3, "int32") * x',
    "x[0]": "x[:, 0]",
    "x[-1, 2:]": "x[:, -1, 2:]",
    "x[..., ::-2]": "x[..., ::-2]",
    "x[1:4][0:2, 3]": "x[:, 1:4][:, 0:2, 3]",
}
