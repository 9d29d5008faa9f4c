"""The JAX expression of each op, a family a file. `ir/ops/` has the type rules.

A test compares the two.
"""

from __future__ import annotations

import importlib
import pkgutil

from kspec.codegen.ops.table import EMITTERS

__all__ = ["EMITTERS"]

for _family in pkgutil.iter_modules(__path__):  # the directory is the list
    importlib.import_module(f"{__name__}.{_family.name}")
