"""Copy helpers into a generated file: the text of their functions, and their imports.

A helper is a module of `kspec/helpers`. It is read as text, never imported, so that
the compiler stays free of JAX. One that calls another imports it, and a file that has
the one gets the other, too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Final

HOME: Final = "kspec.helpers."


@cache
def read_helper(name: str) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """A helper's imports, a statement each, the text of its functions, and whom it calls.

    Raises:
        FileNotFoundError: There is no such helper.
    """
    text = (resources.files("kspec") / "helpers" / f"{name}.py").read_text(encoding="utf-8")
    lines = text.splitlines()
    imports: list[str] = []
    parts: list[str] = []
    others: list[str] = []
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(HOME):
            others.append((node.module or "").removeprefix(HOME))
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            if not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
                imports.append(ast.unparse(node))
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Assign)):
            decorators = [] if isinstance(node, ast.Assign) else node.decorator_list
            start = min([node.lineno, *(d.lineno for d in decorators)])
            parts.append("\n".join(lines[start - 1 : node.end_lineno]))
    return tuple(imports), "\n\n\n".join(parts), tuple(others)


@cache
def helper_names() -> frozenset[str]:
    """All names that helpers may bring into a file; no value may hide one of them."""
    names: set[str] = set()
    for file in (resources.files("kspec") / "helpers").iterdir():
        if file.name.endswith(".py") and file.name != "__init__.py":
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                    names.add(node.name)
                elif isinstance(node, ast.Assign):
                    names.update(n.id for n in node.targets if isinstance(n, ast.Name))
    return frozenset(names)


def helper_texts(names: Iterable[str]) -> tuple[set[str], list[str]]:
    """The imports of all helpers together, and each helper's text, by name.

    Helpers that these call are among them.
    """
    found: dict[str, tuple[tuple[str, ...], str]] = {}
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            imports, text, others = read_helper(name)
            found[name] = (imports, text)
            left += others
    lines = {line for imports, _ in found.values() for line in imports}
    return lines, [found[name][1] for name in sorted(found)]
