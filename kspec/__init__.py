"""kspec: declarative model specs, compiled to optimised JAX training programs."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kspec.api import Program, compile, compile_text, load
    from kspec.diagnostics import SpecError

__version__ = "0.1.0"

__all__ = ["Program", "SpecError", "__version__", "compile", "compile_text", "load"]


def __getattr__(name: str) -> Any:
    """Import the API when it is first used, so that `kspec --help` starts at once."""
    if name not in __all__:
        raise AttributeError(f"module 'kspec' has no attribute {name!r}")
    home = "kspec.diagnostics" if name == "SpecError" else "kspec.api"
    return getattr(importlib.import_module(home), name)
