"""Ops on the axes between batch and channels. Operand types and attributes to try them with."""

from tests.ops import Cases

CASES: Cases = {
    "conv_transpose": [
        (
            ("f32[B,5,4]", "f32[3,2,4]"),
            {"strides": (2,), "padding": ((2, 3),), "dilation": (1,)},
        ),
        (
            ("f32[B,5,7,4]", "f32[3,2,6,4]"),
            {"strides": (1, 1), "padding": ((4, 0), (2, 1)), "dilation": (2, 3)},
        ),
    ],
    **{
        name: [(("f32[B,7,4]",), {"axis": 1, "places": places}) for places in (1, 3, 7, 9)]
        for name in ("adaptive_max_pool", "adaptive_avg_pool")
    },
    "resize": [
        (("f32[B,5,4,3]",), {"size": (7, 2), "method": "bicubic"}),
        (("f32[B,5,4,3]",), {"size": (3, 2), "method": "bilinear", "antialias": True}),
        (("u8[B,5,4,3]",), {"size": (7, 2), "method": "nearest"}),
    ],
}
