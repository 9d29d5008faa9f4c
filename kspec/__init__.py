"""kspec: declarative model specs, compiled to optimised JAX training programs."""

from kspec.api import Program, compile, compile_text, load
from kspec.diagnostics import SpecError

__version__ = "0.1.0"

__all__ = ["Program", "SpecError", "__version__", "compile", "compile_text", "load"]
