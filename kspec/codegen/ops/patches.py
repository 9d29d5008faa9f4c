"""Windows of images cut out side by side, and put back. The JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.table import emits_helper

emits_helper("unfold", "kernel_size", "dilation", "padding", "stride")
emits_helper("fold", "output_size", "kernel_size", "dilation", "padding", "stride")
