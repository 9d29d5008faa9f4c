"""Normalization of each example and of kernels. Operand types and attributes to try."""

from tests.ops import Cases

BOTH = {"epsilon": 0.001, "scale": True, "center": True}

CASES: Cases = {
    **{
        name: [
            (("f32[B,5,4]", "f32[4]", "f32[4]"), BOTH | {"axis": (2,)}),
            (("f32[B,5,4]", "f32[5,4]"), BOTH | {"axis": (1, 2), "center": False}),
            (("f32[B,5,4]", "f32[5]"), BOTH | {"axis": (1,), "scale": False}),
            (("f32[B,5,4]",), BOTH | {"axis": (1,), "scale": False, "center": False}),
        ]
        for name in ("layer_norm", "layer_norm_native")
    },
    "rms_norm": [
        (("f32[B,5,4]", "f32[4]"), {"axis": (2,), "epsilon": 1e-6}),
        (("f32[B,5,4]", "f32[5,4]"), {"axis": (1, 2), "epsilon": 1e-6}),
    ],
    "group_norm": [
        (("f32[B,5,4]", "f32[4]", "f32[4]"), BOTH | {"axis": 2, "groups": 2}),
        (("f32[B,6,4]", "f32[6]"), BOTH | {"axis": 1, "groups": 3, "scale": False}),
    ],
    "unit_norm": [(("f32[B,5,4]",), {"axis": axis, "epsilon": 1e-12}) for axis in ((2,), (1, 2))],
    "spectral_norm": [
        (("f32[5,4]", "f32[1,4]"), {"iterations": 2}),
        (("f32[3,2,5,4]", "f32[1,4]"), {"iterations": 1}),
    ],
}
