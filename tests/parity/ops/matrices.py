"""Triangles and diagonals."""

from tests.parity.ops import Cases, same

CASES: Cases = {
    **same(f"{name}(x{args})" for name in ("tril", "triu") for args in ("", ", k=-2", ", 1")),
    **same(["tril(u) * x", "trace(u, offset=2) * x"]),
    **same(["diagonal(x, axis1=1, axis2=2)", "diagonal(m, offset=-2, axis1=3, axis2=1)"]),
    **same(["trace(m, axis1=1, axis2=2)", "trace(x, 1, -1, -2)"]),
    "diagonal(u) * x[:, :5]": "k.diagonal(u) * x[:, :, :5]",
    **{
        f"{name}({x}{args})": f"each(lambda x: k.{name}(x{args}))({x})"
        for name in ("diag", "diagflat")
        for x in "rx"
        for args in ("", ", k=2", ", k=-1")
    },
    "x @ diag(v)": "x @ k.diag(v)",
    "diag(i)": "each(k.diag)(i)",
    "vander(r)": "each(k.vander)(r)",
    "vander(r, N=3)": "each(lambda r: k.vander(r, 3))(r)",
    "vander(r, 4, increasing=true)": "each(lambda r: k.vander(r, 4, True))(r)",
}
