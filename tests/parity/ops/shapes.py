"""Other axes for the same elements."""

from tests.parity.ops import Cases, same

CASES: Cases = {
    **same(["expand_dims(x, 1)", "expand_dims(x, axis=-1)", "expand_dims(x, (1, -1))"]),
    "squeeze(expand_dims(x, 2), axis=2)": "x",
    "squeeze(expand_dims(x, (2, 3)))": "x",
    "squeeze(expand_dims(x, (2, 4)), axis=(-1, 2))": "x",
    **same(["transpose(x, (0, 2, 1))", "transpose(x, axes=(0, -1, -2))"]),
    "matmul(x, transpose(u))": "k.matmul(x, k.transpose(u))",
    **same(["moveaxis(m, 1, -1)", "moveaxis(m, (3, 1), (1, 2))", "swapaxes(m, 1, -1)"]),
    "ravel(x)": "each(k.ravel)(x)",
    "ravel(s)": "each(k.ravel)(s)",
    "ravel(u)[:6] * r": "k.ravel(u)[:6] * r",
    "reshape(u, (6, -1))[0, 1] * x": "k.reshape(u, (6, -1))[0, 1] * x",
    "x * reshape(w, newshape=(3, 6))[2]": "x * k.reshape(w, (3, 6))[2]",
    "broadcast_to(expand_dims(x, 1), (3, 5, 6))": "k.broadcast_to(x[:, None], (4, 3, 5, 6))",
    "broadcast_to(r, (5, 6))": "k.broadcast_to(r[:, None], (4, 5, 6))",
    "broadcast_to(v, shape=(5, 6)) * x": "k.broadcast_to(v, (5, 6)) * x",
}
