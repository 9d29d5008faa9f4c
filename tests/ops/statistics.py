"""Reductions beside sums and means. Operand types and attributes to try each op with."""

from tests.ops import Cases

REDUCTIONS = "prod ptp nansum nanprod nanmax nanmin nanmean nanvar nanstd median nanmedian"
CUMULATIVE = "cumsum cumprod nancumsum nancumprod"

CASES: Cases = {
    **{
        name: [
            (("f32[B,5,4]",), {"axis": (1,)}),
            (("f32[B,5,4]",), {"axis": (1, 2), "keepdims": True}),
            (("f32[7]",), {"axis": (0,)}),
        ]
        for name in REDUCTIONS.split()
    },
    **{
        name: [
            (("f32[B,5,4]",), {"axis": (1,), "q": 0.25}),
            (("f32[B,5,4]",), {"axis": (1, 2), "q": 0.5, "keepdims": True, "method": "lower"}),
        ]
        for name in ("quantile", "nanquantile")
    },
    **{
        name: [(("f32[B,5,4]",), {"axis": axis}) for axis in (1, 2)]
        for name in ("argmin", "nanargmax", "nanargmin", *CUMULATIVE.split())
    },
}
