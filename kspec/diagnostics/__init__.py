"""Mistakes as data, and the one renderer that shows them."""

from kspec.diagnostics.core import Diagnostic, Label, Source, Span, SpecError

__all__ = ["Diagnostic", "Label", "Source", "Span", "SpecError"]
