"""Reductions. Operand types and attributes to try each op with."""

from tests.ops import Cases

CASES: Cases = {
    **{
        name: [
            (("f32[B,5,4]",), {"axis": (1,)}),
            (("f32[B,5]",), {"axis": (0, 1)}),
            (("f32[B,5,4]",), {"axis": (1, 2), "keepdims": True}),
        ]
        for name in ("sum", "mean", "max", "min")
    },
    "argmax": [(("f32[B,5,4]",), {"axis": 2}), (("f32[B,5,4]",), {"axis": 1})],
    **{name: [(("f32[B,5,4]",), {"axis": axis}) for axis in (1, 2)] for name in ("softmax",)},
    "log_softmax": [(("f32[B,5,4]",), {"axis": axis}) for axis in (1, 2)],
}
