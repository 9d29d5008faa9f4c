"""Elaboration: names, arguments, shapes and weights; from the tree to the IR."""

from kspec.elaborate.program import Program, elaborate

__all__ = ["Program", "elaborate"]
