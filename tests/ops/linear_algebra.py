"""Linear algebra. Operand types and attributes to try each op with."""

from tests.ops import Cases

SQUARE = ("f32[B,4,4]",)
WIDE = ("f32[B,3,4]",)

CASES: Cases = {
    "cholesky": [(SQUARE, {}), (SQUARE, {"upper": True})],
    **{name: [(SQUARE, {}), (("f32[4,4]",), {})] for name in ("inv", "det", "logdet")},
    "pinv": [(WIDE, {}), (WIDE, {"rcond": 0.1})],
    "matrix_rank": [(WIDE, {}), (WIDE, {"tol": 0.1})],
    **{
        name: [
            (("f32[B,4,4]", "f32[B,4,2]"), {}),
            (("f32[4,4]", "f32[B,4,2]"), {}),
            (("f32[B,4,4]", "f32[4,2]"), {}),
        ]
        for name in ("solve", "solve_triangular")
    },
    "lstsq": [
        (("f32[B,4,3]", "f32[B,4,2]"), {}),
        (("f32[4,3]", "f32[B,4,2]"), {"rcond": 0.1}),
        (("f32[4,3]", "f32[4,2]"), {}),
    ],
    "norm": [
        (("f32[B,3,4]",), {"ord": "nuc", "axis": (1, 2)}),
        (("f32[B,3,4]",), {"ord": float("inf"), "axis": (1,), "keepdims": True}),
    ],
}
