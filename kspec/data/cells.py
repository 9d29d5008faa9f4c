"""Cells of text that are numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kspec.data.base import Array


def all_digits(raw: Array) -> bool:
    """Whether every cell is a whole number."""
    return all(is_number(str(value), True) for value in raw)


def is_number(text: str, whole: bool) -> bool:
    """Whether a cell is a number, a whole one if that is asked for."""
    try:
        int(text) if whole else float(text)
    except ValueError:
        return False
    return True
