"""The unoptimized IR, interpreted in NumPy float64, with derivatives written by hand.

It knows the IR and nothing behind it: neither JAX, nor a pass, nor the code generator, nor a
helper. What an op means is written here a second time. Where a slope is not defined, as
that of `relu` at 0, it is what JAX takes it for. An op that has no rule is an error.
"""

from __future__ import annotations

import importlib
import pkgutil

from tests.oracle.interpreter.core import RULES, Draws, UnknownOp

__all__ = ["RULES", "Draws", "UnknownOp"]

for _family in pkgutil.iter_modules(__path__):  # the directory is the list
    importlib.import_module(f"{__name__}.{_family.name}")
