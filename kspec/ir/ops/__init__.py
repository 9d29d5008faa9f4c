"""The ops: their type rules, a family a file. `codegen/ops/` has the JAX expressions.

A rule gets the operands' types and the attributes, every default filled in, and gives
the results' types. All axes are counted from 0, the batch axis included.
"""

from __future__ import annotations

import importlib
import pkgutil

from kspec.ir.rules import OPS, OpDef, TypeRuleError

__all__ = ["OPS", "OpDef", "TypeRuleError"]

for _family in pkgutil.iter_modules(__path__):  # the directory is the list
    importlib.import_module(f"{__name__}.{_family.name}")
