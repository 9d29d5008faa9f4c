"""All mistakes and warnings with their explanations: `kspec explain`, and the table in docs/."""

from __future__ import annotations

import inspect
import re

from kspec.diagnostics import errors, lints
from kspec.diagnostics.core import Diagnostic


def by_code() -> dict[str, type[Diagnostic]]:
    """Every class by its code, in order."""
    modules = (errors, lints)
    found = [getattr(module, name) for module in modules for name in module.__all__]
    return {cls.code: cls for cls in sorted(found, key=lambda cls: cls.code)}


def explanation(cls: type[Diagnostic]) -> str:
    """What the mistake is, an example of it, and what to write instead."""
    return inspect.cleandoc(cls.__doc__ or "")


def pattern(cls: type[Diagnostic]) -> str:
    """What the mistake says, with `<name>` where a fact stands."""
    return re.sub(r"\{(\w+)\}", r"<\1>", cls.title)


def table() -> str:
    """All of them as a Markdown table."""
    lines = ["| code | what it says | what it means |", "|---|---|---|"]
    for code, cls in by_code().items():
        title = pattern(cls)
        text = " ".join(explanation(cls).split())
        lines.append(f"| {code} | {_cell(title)} | {_cell(text)} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace(">", "&gt;")
