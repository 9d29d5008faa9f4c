"""Ranks, and reductions that leave out NaN."""

from tests.parity.ops import REDUCED, Cases, reduced, same

METHODS = ("linear", "lower", "higher", "midpoint", "nearest")
SHARES = {"quantile": 0.9, "percentile": 25, "nanquantile": 0.3, "nanpercentile": 65}
WITHOUT = "nansum nanprod nanmax nanmin nanmean nanvar nanstd nanmedian"

CASES: Cases = {
    **reduced("median"),
    **reduced(WITHOUT, "n"),
    **{
        f"{name}({x}, {q}{ours})": f"k.{name}({x}, {q}{theirs})"
        for name, q in SHARES.items()
        for x in ("n" if "nan" in name else "x")
        for ours, theirs in REDUCED.items()
    },
    **same(f'quantile(x, 0.3, axis=1, method="{method}")' for method in METHODS),
    **same(f'{name}(x, {q}, axis=1, method="higher")' for name, q in SHARES.items()),
    "percentile(x, 40, method=lower)": 'k.percentile(x, 40, (1, 2), "lower")',
    **same(["median(j, axis=1)", "nansum(j, axis=1)", "nanmax(j, axis=1)"]),
}
