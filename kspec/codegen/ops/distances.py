"""How far a prediction is from the truth, element by element. The JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.table import emits_helper

emits_helper("log_cosh")
emits_helper("huber", "delta")
emits_helper("absolute_percentage_error")
emits_helper("squared_logarithmic_error")
emits_helper("poisson_error")
