"""Ops that go along an axis."""

from tests.parity.ops import Cases, same

RUNNING = {"cumsum": "x", "cumprod": "x", "nancumsum": "n", "nancumprod": "n"}

CASES: Cases = {
    **{f"{name}({x})": f"each(k.{name})({x})" for name, x in RUNNING.items()},
    **same(f"{name}({x}, axis={axis})" for name, x in RUNNING.items() for axis in (1, -1)),
    **same(["nancumsum(j, axis=2)", "cumsum(v) + x"]),
    "cumsum(t, axis=1)": 'k.cumsum(k.cast(t, "int32"), axis=1)',
    **same(["diff(x)", "diff(x, n=2, axis=1)", "diff(x, 0)"]),
    **same(["trapezoid(x)", "trapezoid(x, dx=0.5, axis=1)"]),
    **same(["trapezoid(x, x=(0, 1, 1.5, 4, 5, 7))", "trapezoid(x, [0, 1, 1.5, 4, 7], axis=1)"]),
}
