"""Crossentropies. The JAX expressions."""

from __future__ import annotations

from kspec.codegen.ops.table import Writer, emits
from kspec.ir import Op


@emits("sparse_categorical_crossentropy", "binary_crossentropy")
def _crossentropy(op: Op, w: Writer, args: list[str]) -> str:
    return f"{w.helper(_by_input(op))}({', '.join(args)})"


@emits("categorical_crossentropy")
def _categorical_crossentropy(op: Op, w: Writer, args: list[str]) -> str:
    return f"{w.helper(_by_input(op))}({', '.join(args)}, axis={op.attrs['axis']})"


def _by_input(op: Op) -> str:
    return f"{op.name}_from_logits" if op.attrs["from_logits"] else op.name
