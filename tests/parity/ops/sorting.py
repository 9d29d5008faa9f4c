"""Order along an axis."""

from tests.parity.ops import Cases, calls, same

PLACES = {"argmax": "x", "argmin": "x", "nanargmax": "n", "nanargmin": "n"}

CASES: Cases = {
    **calls("sort argsort"),
    **same(["sort(x, axis=1)", "argsort(x, axis=1)", "sort(u, axis=0) * x", "argsort(j)"]),
    **{f"{name}({x})": f"each(k.{name})({x})" for name, x in PLACES.items()},
    **{
        f"{name}({x}, keepdims=true)": f"each(lambda x: k.{name}(x, keepdims=True))({x})"
        for name, x in PLACES.items()
    },
    **same(f"{name}({x}, axis=-1, keepdims=true)" for name, x in PLACES.items()),
    **same(f"{name}({x}, 1)" for name, x in PLACES.items()),
    "nanargmin(j, axis=1)": "k.argmin(j, axis=1)",
    **same(["searchsorted(e, x)", 'searchsorted(e, x, side="right")']),
    "searchsorted(array((1, 3, 4)), h)": "k.searchsorted(k.array([1, 3, 4]), h)",
    **same(["digitize(x, (-1, 0, 0.5))", "digitize(h, bins=[2, 4])"]),
    "in_top_k(i, x, 2)": "each(lambda i, x: k.in_top_k(i, x, 2))(i, x)",
    "in_top_k(i, n, k=4)": "each(lambda i, n: k.in_top_k(i, n, 4))(i, n)",
}
