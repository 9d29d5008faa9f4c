"""Linear algebra."""

from tests.parity.ops import Cases, same

POSITIVE = "x @ swapaxes(x, 1, 2) + 2 * eye(5)"
SQUARE = "x[:, :5] + 3 * eye(5)"
THEIRS = "x[:, :, :5] + 3 * k.eye(5)"

CASES: Cases = {
    **{
        f"cholesky({POSITIVE}{upper})": "k.cholesky(x @ k.swapaxes(x, 1, 2) + 2 * k.eye(5)"
        f"{upper.replace('true', 'True')})"
        for upper in ("", ", upper=true")
    },
    f"cholesky_inverse({SQUARE})": f"each(k.cholesky_inverse)({THEIRS})",
    f"cholesky_inverse({SQUARE}, upper=true)": "each(lambda x: k.cholesky_inverse(x, True))"
    f"({THEIRS})",
    **{f"{name}({SQUARE})": f"k.{name}({THEIRS})" for name in ("det", "logdet", "inv")},
    "det(u[:, :5]) * x": "k.det(u[:, :5]) * x",
    **same(["pinv(x)", "pinv(x, rcond=0.4)", "matrix_rank(x)", "matrix_rank(x, tol=2)"]),
    f"solve({SQUARE}, z)": f"k.solve({THEIRS}, z)",
    f"solve({SQUARE}, z[:, 0])": f"each(k.solve)({THEIRS}, z[:, :, 0])",
    "solve(u[:, :5], z)": "each(lambda z: k.solve(u[:, :5], z))(z)",
    f"solve({SQUARE}, u)": f"each(lambda x: k.solve(x, u))({THEIRS})",
    f"solve_triangular({SQUARE}, z)": f"k.solve_triangular({THEIRS}, z)",
    f"solve_triangular({SQUARE}, z, lower=true)": f"k.solve_triangular({THEIRS}, z, lower=True)",
    "solve_triangular(u[:, :5] + 3 * eye(5), z[:, 0])": "each(lambda z: k.solve_triangular("
    "u[:, :5] + 3 * k.eye(5), z))(z[:, :, 0])",
    "lstsq(x, z)": "each(k.lstsq)(x, z)",
    "lstsq(u, z[:, 0])": "each(lambda z: k.lstsq(u, z))(z[:, :, 0])",
    "lstsq(x, z, rcond=0.4)": "each(lambda x, z: k.lstsq(x, z, rcond=0.4))(x, z)",
}
