"""Products and windows. Operand types and attributes to try each op with."""

from tests.ops import Cases

CASES: Cases = {
    "matmul": [
        (("f32[B,4]", "f32[4,2]"), {}),
        (("f32[B,5,4]", "f32[4,2]"), {}),
        (("f32[B,5,4]", "f32[B,4,2]"), {}),
        (("f32[B,5,4]", "f32[4]"), {}),
        (("f32[4]", "f32[B,4,2]"), {}),
        (("f32[6,5]", "f32[B,5,2]"), {}),
        (("f32[B,7,5,4]", "f32[B,1,4,2]"), {}),
    ],
    "matmul_narrow": [
        (("f32[B,4]", "f32[4,2]"), {}),
        (("f32[B,5,4]", "f32[4,2]"), {}),
    ],
    "conv": [
        (
            ("f32[B,9,8,4]", "f32[3,2,2,6]"),
            {"strides": (2, 1), "padding": padding, "dilation": (1, 2), "groups": 2},
        )
        for padding in ("same", "valid")
    ],
    **{
        name: [
            (("f32[B,9,8,4]", "f32[3,2,4,6]"), {"strides": (1, 1), "padding": padding})
            for padding in ("same", "valid")
        ]
        for name in ("conv_by_examples", "conv_native")
    },
    "max_pool_tiles": [
        (("f32[B,9,8,4]",), {"window": (3, 2), "strides": (3, 2), "padding": padding})
        for padding in ("same", "valid")
    ],
    "causal_conv": [
        (("f32[B,9,4]", "f32[3,2,6]"), {"strides": (1,), "dilation": (2,), "groups": 2}),
        (("f32[B,9,4]", "f32[4,4,6]"), {"strides": (2,), "dilation": (1,)}),
    ],
    **{
        name: [
            (("f32[B,9,8,4]",), {"window": (3, 2), "strides": (2, 2), "padding": padding})
            for padding in ("same", "valid")
        ]
        for name in ("max_pool", "avg_pool")
    },
}
