"""Powers, logarithms and special functions, element by element. The type rules."""

from __future__ import annotations

from kspec.ir.rules import floating, floating_pair, op

op("exp2", "log2", "log10", "cbrt", "reciprocal", "erfc", "erfinv", "i0")(floating)
op("logaddexp", "logaddexp2")(floating_pair)
