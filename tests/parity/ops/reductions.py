"""Reductions."""

from tests.parity.ops import Cases, reduced, same

CASES: Cases = {
    **reduced("sum max min mean var std logsumexp prod ptp"),
    **same(["max(x, axis=1, initial=0.5)", "min(x, axis=2, keepdims=true, initial=-1)"]),
    **same(["max(j, axis=1, initial=3)", "sum(t, axis=1)", "mean(j, axis=1)", "prod(h, axis=2)"]),
    **same(["sum(u, axis=0) * x", "sum(u) * x", "count_nonzero(t, axis=1)"]),
    "count_nonzero(j)": "k.count_nonzero(j, axis=(1, 2))",
    "count_nonzero(floor(x), axis=(1, 2))": "k.count_nonzero(k.floor(x), axis=(1, 2))",
}
