"""Products of tensors."""

from tests.parity.ops import Cases, same

CASES: Cases = {
    **same(["matmul(x, y)", "matmul(x, w)", "matmul(x, v)", "matmul(v, y)"]),
    "transpose(u) @ x": "k.transpose(u) @ x",
    "v @ y": "v @ y",
    "matmul(j, w)": 'k.matmul(k.cast(j, "float32"), w)',
    **same(["dot(x, w)", "dot(x, v)", "inner(x, u)", "inner(r, v)"]),
    **{
        f"{name}({left}, {right})": f"each(k.{name})({left}, {right})"
        for name, pairs in {
            "dot": ("xy", "rr", "sx", "xs"),
            "inner": ("xz", "sr", "rs"),
            "vdot": ("xz", "rr"),
            "outer": ("xr", "ss"),
            "kron": ("xy", "yr"),
        }.items()
        for left, right in pairs
    },
    **{
        f"{name}({left}, {right})": f"each(lambda {right}: k.{name}({left}, {right}))({right})"
        for name in ("vdot", "outer", "kron")
        for left, right in ("ux", "vr")
    },
    "dot(u, y)": "each(lambda y: k.dot(u, y))(y)",
    "outer(v, v) @ y": "k.outer(v, v) @ y",
    **same(["tensordot(x, u)", "tensordot(x, w, 1)", "tensordot(x, v, axes=0)"]),
    **same(["tensordot(x, w, (2, 0))", "tensordot(x, u, axes=((1, 2), (0, 1)))"]),
    "tensordot(x, z)": "each(k.tensordot)(x, z)",
    "tensordot(x, z, axes=((2,), (2,)))": "each(lambda x, z: k.tensordot(x, z, (1, 1)))(x, z)",
    **same(['einsum("bij,bjk->bik", x, y)', 'einsum("b i j, j k -> b k i", x, w)']),
    **same(['einsum("bi,bi,i->b", r, r, v)', 'einsum("...j,jk->...k", x, w)']),
    'x -> einsum("bij->bj")': 'k.einsum("bij->bj", x)',
    '(x, z) -> einsum("bij,bij->b")': 'k.einsum("bij,bij->b", x, z)',
    'einsum(x, w, subscripts="bij,jk->bk")': 'k.einsum("bij,jk->bk", x, w)',
    'einsum("bii->bi", x[:, :5])': 'k.einsum("bii->bi", x[:, :, :5])',
    "cross(y[0:3], y[3:6])": "k.cross(y[:, 0:3], y[:, 3:6])",
    "cross(x[:3], z[:3], axis=1)": "k.cross(x[:, :3], z[:, :3], axis=1)",
    "cross(x[:, :3], z[:3, :5], axisb=1, axisa=2)": "k.cross(x[:, :, :3], z[:, :3, :5], 2, 1)",
    "cross(y[1:], w[:5], axisc=1)": "k.cross(y[:, 1:], w[:5], axisc=1)",
    "cross(y[:, :2], y[:, 1:])": "k.cross(y[:, :, :2], y[:, :, 1:])",
    "cross(y[:, :2], y)": "k.cross(y[:, :, :2], y)",
    **same(["cdist(x, z)"]),
    "cdist(x, u + 1)": "each(lambda x: k.cdist(x, u + 1))(x)",
}
