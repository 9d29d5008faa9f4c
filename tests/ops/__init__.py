"""Operand types and attributes to try each op with, a family a file, as in `kspec/ir/ops/`."""

from __future__ import annotations

from typing import Any, TypeAlias

Row: TypeAlias = tuple[tuple[str, ...], dict[str, Any]]
Cases: TypeAlias = dict[str, list[Row]]

FLOATS = ("f32[B,4]",)
PAIR = ("f32[B,4]", "f32[B,4]")
SHIFT = ("f32[B,5,4]", "f32[4]")
