"""Products and windows. The JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.table import emits_helper, emits_operators

emits_operators(matmul="@")
emits_helper("matmul_narrow")
emits_helper("conv", "strides", "padding", "dilation", "groups", dilation=1, groups=1)
emits_helper("causal_conv", "strides", "dilation", "groups", strides=1, dilation=1, groups=1)
emits_helper("conv_by_examples", "strides", "padding")
emits_helper("conv_native", "strides", "padding")
emits_helper("max_pool", "window", "strides", "padding")
emits_helper("max_pool_tiles", "window", "strides", "padding")
emits_helper("avg_pool", "window", "strides", "padding")
