"""Scores. Operand types and attributes to try each op with."""

from tests.ops import Cases

COUNTS = ("f32[6]",)
BY_LABEL = ("f32[6,3]",)

CASES: Cases = {
    "f_beta": [(("f32[]",) * 3, {"beta": 1.0}), (COUNTS * 3, {"beta": 2.0})],
    "precision_recall_gain": [(COUNTS * 4, {}), (BY_LABEL * 4, {})],
    "area_under": [
        (each * 2, {"method": method})
        for each in (COUNTS, BY_LABEL)
        for method in ("interpolation", "minoring", "majoring")
    ],
    "interpolated_precision_area": [(COUNTS * 3, {}), (BY_LABEL * 3, {})],
    "mean_iou": [(("f32[4,4]",), {"classes": (0, 2)})],
    "r2_scores": [(("f32[3]", "f32[3]", "f32[3]", "f32[]"), {})],
    "adjusted_r2": [
        (("f32[]", "f32[]"), {"regressors": 2}),
        (("f32[3]", "f32[]"), {"regressors": 2}),
    ],
    **{
        name: [(("f32[B,5,4]",) * 2, {"axis": axis}) for axis in (1, 2)]
        for name in ("pearson_correlation", "concordance_correlation")
    },
}
