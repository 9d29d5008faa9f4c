"""Scores. The JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.table import emits_helper

emits_helper("f_beta", "beta", beta=1.0)
emits_helper("precision_recall_gain")
emits_helper("area_under", "method")
emits_helper("interpolated_precision_area")
emits_helper("mean_iou", "classes")
emits_helper("r2_scores")
emits_helper("adjusted_r2", "regressors")
emits_helper("pearson_correlation", "axis")
emits_helper("concordance_correlation", "axis")
