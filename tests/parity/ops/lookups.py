"""Lookups."""

from tests.parity.ops import Cases, same

CASES: Cases = {
    **same(["take(v, i)", "take(w, i, axis=0)"]),
    "take(x, array((4, -2)), axis=1)": "k.take(x, [4, -2], axis=1)",
    "take(x, array(((4, 1), (9, 2))), axis=2)": "k.take(x, [[4, 1], [9, 2]], axis=2)",
    "take(x, array((7, 29)))": "each(lambda x: k.take(x, [7, 29]))(x)",
    "take(x, i, axis=2)": "each(lambda x, i: k.take(x, i, axis=1))(x, i)",
    "take(x, h - 1, axis=1)": "each(lambda x, h: k.take(x, h - 1, axis=0))(x, h)",
    "take(x, i)": "each(k.take)(x, i)",
    "take(x, i[0], axis=1)": "each(lambda x, i: k.take(x, i[0], axis=0))(x, i)",
    **same(["take_along_axis(x, h - 1, axis=2)"]),
    "take_along_axis(x, h[:2] - 2, axis=1)": "k.take_along_axis(x, h[:, :2] - 2, axis=1)",
    "take_along_axis(x, i)": "each(k.take_along_axis)(x, i)",
    "take_along_axis(u, h - 1, axis=2)": "each(lambda h: k.take_along_axis(u, h - 1, 1))(h)",
    "take_along_axis(x, argsort(u), axis=-1)": "each(lambda x: "
    "k.take_along_axis(x, k.argsort(u), -1))(x)",
    **same(["one_hot(i, 7)", "one_hot(i, 7, axis=1)"]),
    **same(["multi_hot(i, 7)", "multi_hot(h, 7)", "multi_hot(i, 7, axis=1)"]),
    "slice_update(x, z[:2, :3], (0, 3, 1))": "k.slice_update(x, (0, 3, 1), z[:, :2, :3])",
    "slice_update(x, c, (0, 2, 0))": "k.slice_update(x, (0, 2, 0), k.broadcast_to(c, (4, 1, 6)))",
}
