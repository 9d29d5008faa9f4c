"""A function of a Python file. The type rule.

It is pure and draws nothing: the same operands give the same results, so that equal calls are
one. Nothing else is known of it.
"""

from __future__ import annotations

from typing import cast

from kspec.ir.extern import ExternType
from kspec.ir.rules import Attrs, TypeRuleError, Types, op


@op("extern", required=("path", "function", "type"))
def _extern(types: Types, attrs: Attrs) -> Types:
    """`type` is what the function takes of one example, and gives."""
    try:
        declared = ExternType.read(cast("str", attrs["type"]))
    except ValueError as error:
        raise TypeRuleError(str(error)) from None
    return declared.infer_batch(types)
