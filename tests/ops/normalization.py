"""Batch normalization. Operand types and attributes to try each op with."""

from tests.ops import Cases

NORM = {"axis": 2, "epsilon": 0.001, "scale": True, "center": True}

CASES: Cases = {
    "batch_normalize": [
        (("f32[B,5,4]", *["f32[4]"] * 4), NORM),
        (("f32[B,5,4]", *["f32[5]"] * 3), NORM | {"axis": 1, "scale": False}),
        (("f32[B,4]", *["f32[4]"] * 2), NORM | {"axis": 1, "scale": False, "center": False}),
    ],
    "masked_moments": [
        (("f32[B,5,4]", "f32[B]"), {"axis": 2}),
        (("f32[B,4]", "f32[B]"), {"axis": 1}),
        (("f32[B,5,4]", "f32[B]", "bool[B,5]"), {"axis": 2}),
        (("f32[B,5,4]", "f32[B]", "bool[B,5]"), {"axis": 1}),
    ],
    "renorm_corrections": [
        (("f32[4]",) * 4, {"epsilon": 0.001}),
        (("f32[4]",) * 4, {"epsilon": 0.001, "rmin": 0.5, "rmax": 2.0, "dmax": 1.0}),
    ],
    "moving_average": [(("f32[4]", "f32[4]"), {"momentum": 0.9})],
}
