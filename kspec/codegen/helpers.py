"""Copy helpers into a generated file: the text of their functions, and their imports.

A helper is a module of `kspec/helpers`, or of `kspec/kernels`. It is read as text, never
imported, so that the compiler stays free of JAX. One that calls another imports it, and a
file that has the one gets the other, too. What tests hold a kernel against, its
`reference`, is not copied.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from typing import Final

HOMES: Final = ("helpers", "kernels")


@cache
def read_helper(name: str) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """A helper's imports, a statement each, the text of its functions, and whom it calls.

    Raises:
        FileNotFoundError: There is no such helper.
    """
    text = _text(name)
    lines = text.splitlines()
    imports: list[str] = []
    parts: list[str] = []
    others: list[str] = []
    for node in _copied(text):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kspec."):
            others.append((node.module or "").rpartition(".")[2])
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            imports.append(ast.unparse(node))
        else:
            decorated = isinstance(node, (ast.FunctionDef, ast.ClassDef))
            decorators = node.decorator_list if decorated else []
            start = min([node.lineno, *(d.lineno for d in decorators)])
            parts.append("\n".join(lines[start - 1 : node.end_lineno]))
    return tuple(imports), "\n\n\n".join(parts), tuple(others)


def _text(name: str) -> str:
    """The module of a helper, or of a kernel."""
    package = resources.files("kspec")
    paths = [package / home / f"{name}.py" for home in HOMES]
    found = next((path for path in paths if path.is_file()), paths[0])
    return found.read_text(encoding="utf-8")


def _copied(text: str) -> Iterator[ast.stmt]:
    """The statements of a module that a file needs: not docstrings, not the reference."""
    for node in ast.parse(text).body:
        match node:
            case ast.FunctionDef(name="reference") | ast.ImportFrom(module="__future__"):
                continue
            case ast.Expr(value=ast.Constant()):
                continue
            case _:
                yield node


@cache
def helper_names() -> frozenset[str]:
    """All names that helpers may bring into a file; no value may hide one of them."""
    names: set[str] = set()
    files = [each for home in HOMES for each in (resources.files("kspec") / home).iterdir()]
    for file in files:
        if file.name.endswith(".py") and file.name != "__init__.py":
            for node in _copied(file.read_text(encoding="utf-8")):
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
