"""Arguments that optimizers are tried with, a table a family."""

from __future__ import annotations

from typing import Any

Args = dict[str, Any]
Table = dict[str, tuple[Args, ...]]  # an optimizer's name -> sets of arguments
