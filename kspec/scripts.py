"""Python files that a spec takes functions from. They are read, and nothing of them runs."""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kspec.diagnostics.record import Node

LARGEST: Final = 2**20  # bytes


class Script(Node):
    """A Python file.

    Attributes:
        path: Where it is, from the spec's folder.
        text: What it says.
        folders: The spec's folder and its own, where its imports may not lead.
    """

    path: str
    text: str
    folders: tuple[Path, ...]

    @property
    def sha256(self) -> str:
        """The hash of the file."""
        return sha256(self.text)

    def is_local(self, module: str) -> bool:
        """Whether a module is a file of those folders, or a folder with Python files."""
        return any(
            (folder / f"{module}.py").is_file()
            or any((folder / module).glob("*.py"))
            or any((folder / module).glob("*/*.py"))
            for folder in self.folders
        )


class NotPython(ValueError):
    """A file is no Python that can be used; the message says why."""


def sha256(text: str) -> str:
    """The hash of a text as a file has it."""
    import hashlib  # here, as it takes long, and most specs need none

    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def decoded(data: bytes) -> str:
    """The text of a file. Raises NotPython."""
    if len(data) > LARGEST:
        raise NotPython(f"it has more than {LARGEST:,} bytes")
    try:
        text = data.decode("utf-8")
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except UnicodeDecodeError as error:
        at = error.start
        raise NotPython(f"it is not UTF-8 text: byte {at} is {data[at]:#04x}") from None
    except SyntaxError as error:
        raise NotPython(f"it is not UTF-8 text: {error.msg}") from None
    if encoding not in ("utf-8", "utf-8-sig"):  # a comment in it says so
        raise NotPython(f"it is not UTF-8 text: it says that it is {encoding}")
    return text


def parsed(text: str) -> ast.Module:
    """The syntax tree of a file. Raises NotPython."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text.removeprefix("\ufeff"))
    except SyntaxError as error:
        place = "" if error.lineno is None else f"line {error.lineno}: "
        raise NotPython(f"it is not Python: {place}{error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        reason = str(error) or type(error).__name__
        raise NotPython(f"it is not Python: {reason}") from None


def functions(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    """The functions of a file that are not inside of anything, by name."""
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def rebound(tree: ast.Module, name: str) -> int | None:
    """The line where a file says a second time what a name means at its top; None for nowhere."""
    lines = [line for each, line in _bound(tree) if each in (name, "*")]
    return lines[1] if len(lines) > 1 else None


def _bound(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The names that a file binds outside of functions and classes, with their lines."""
    left: list[ast.AST] = list(reversed(tree.body))
    while left:
        node = left.pop()
        line = getattr(node, "lineno", 1)
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name, line
            case ast.ClassDef(name=name):
                yield name, line
            case ast.Lambda():
                pass
            case ast.alias(name=name, asname=other):
                yield other or name.partition(".")[0], line
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name, line
            case _:
                left += reversed(list(ast.iter_child_nodes(node)))


def imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The modules that a file imports anywhere, with their lines; `.` for its neighbors."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.partition(".")[0], node.lineno
        elif isinstance(node, ast.ImportFrom):
            yield "." if node.level else (node.module or "").partition(".")[0], node.lineno


def takes(function: ast.FunctionDef, count: int) -> bool:
    """Whether a function can be called with so many operands, and nothing else."""
    least, most, named = _parameters(function)
    return not named and least <= count and (most is None or count <= most)


def parameters(function: ast.FunctionDef) -> str:
    """What a function takes, in words: `2 parameters`, `1 to 3 parameters`."""
    least, most, named = _parameters(function)
    if named:
        return f"`{named[0]}` by its name"
    if most is None:
        return f"{least} parameters or more"
    if least != most:
        return f"{least} to {most} parameters"
    return f"{most} parameter{'' if most == 1 else 's'}"


def _parameters(function: ast.FunctionDef) -> tuple[int, int | None, list[str]]:
    """The fewest and the most parameters by place, and those that must be given by name."""
    own = function.args
    most = len(own.posonlyargs) + len(own.args)
    named = [
        each.arg
        for each, default in zip(own.kwonlyargs, own.kw_defaults, strict=True)
        if default is None
    ]
    return most - len(own.defaults), None if own.vararg else most, named
