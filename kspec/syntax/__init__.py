"""Text to syntax tree, and back. Nothing else in kspec touches Lark."""

from kspec.syntax.parser import parse, parse_expression
from kspec.syntax.printer import print_spec

__all__ = ["parse", "parse_expression", "print_spec"]
