"""Lay Python out as `ruff format` would, so that generated files need no formatter.

Statements arrive as one line of Python. Those that are too long are broken at their
outermost brackets: first all arguments on one line of their own, then one a line.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Final, TypeAlias

WIDTH: Final = 88
INDENT: Final = "    "
Tree: TypeAlias = "Mapping[str, Tree | str]"


def assign(target: str, expr: str, indent: int, comment: str = "") -> list[str]:
    """The lines of `target = expr  # comment`."""
    return statement(f"{target} = ", expr, indent, comment)


def statement(head: str, expr: str, indent: int, comment: str = "", tail: str = "") -> list[str]:
    """The lines of `head expr tail  # comment`, broken inside `expr` where needed."""
    pad = INDENT * indent
    note = f"  # {comment}" if comment else ""
    whole = f"{pad}{head}{expr}{tail}{note}"
    if len(whole) <= WIDTH:
        return [whole]
    node = ast.parse(expr, mode="eval").body
    if isinstance(node, ast.Call) and (node.args or node.keywords):
        opening = f"{pad}{head}{_text(expr, node.func)}("
        parts = [_text(expr, part) for part in node.args]
        parts += [f"{k.arg}={_text(expr, k.value)}" for k in node.keywords]
        if len(opening) > WIDTH and isinstance(node.func, ast.Call):
            arguments = f"({', '.join(parts)}){tail}"
            return statement(head, _text(expr, node.func), indent, comment, arguments)
        return _bracket(opening, parts, ")", indent, tail, note, shared=True)
    if isinstance(node, ast.Tuple):
        parts = [_text(expr, part) for part in node.elts]
        return _bracket(f"{pad}{head}(", parts, ")", indent, tail, note)
    if isinstance(node, ast.List):
        parts = [_text(expr, part) for part in node.elts]
        return _bracket(f"{pad}{head}[", parts, "]", indent, tail, note)
    if isinstance(node, ast.Lambda):
        body = _text(expr, node.body)
        return statement(f"{head}{expr.removesuffix(body)}", body, indent, comment, tail)
    if isinstance(node, ast.Dict):
        entries = zip(node.keys, node.values, strict=True)
        parts = [f"{_text(expr, key)}: {_text(expr, value)}" for key, value in entries if key]
        return _bracket(f"{pad}{head}{{", parts, "}", indent, tail, note)
    if isinstance(node, ast.BinOp):
        return _operators(head, expr, node, indent, tail, note)
    return [whole]


def _text(expr: str, node: ast.expr) -> str:
    text = ast.get_source_segment(expr, node)
    assert text is not None
    if isinstance(node, (ast.BinOp, ast.Compare)):
        start, end = node.col_offset, node.end_col_offset or 0
        if expr[start - 1 : start] == "(" and expr[end : end + 1] == ")" and start > 1:
            before = expr[start - 2]
            return f"({text})" if not (before.isalnum() or before in "_)]") else text
    return text


def _bracket(
    opening: str,
    parts: list[str],
    closing: str,
    indent: int,
    tail: str,
    note: str,
    *,
    shared: bool = False,
) -> list[str]:
    """A part a line, or all of them on one inner line: those of a call may share it."""
    pad = INDENT * indent
    inner = INDENT * (indent + 1)
    joined = f"{inner}{', '.join(parts)}"
    if len(joined) <= WIDTH and (shared or len(parts) == 1):
        return [opening, joined, f"{pad}{closing}{tail}{note}"]
    lines = [opening]
    for part in parts:
        name, equals, value = part.partition("=")
        key = re.match(r'"\w+": ', part)
        if key:
            lines += statement(key[0], part[key.end() :], indent + 1, tail=",")
        elif equals and name.isidentifier() and not value.startswith("="):
            lines += statement(f"{name}=", value, indent + 1, tail=",")
        else:
            lines += statement("", part, indent + 1, tail=",")
    return [*lines, f"{pad}{closing}{tail}{note}"]


def _operators(
    head: str, expr: str, node: ast.BinOp, indent: int, tail: str, note: str
) -> list[str]:
    """In parentheses: the two sides a line each, or on one inner line if that fits."""
    pad = INDENT * indent
    inner = INDENT * (indent + 1)
    if len(f"{inner}{expr}") <= WIDTH:
        return [f"{pad}{head}(", f"{inner}{expr}", f"{pad}){tail}{note}"]
    return [f"{pad}{head}(", *_sides(expr, node, indent + 1), f"{pad}){tail}{note}"]


def _sides(expr: str, node: ast.BinOp, indent: int, operator: str = "") -> list[str]:
    """The two sides of an operator, a line each where they fit."""
    left = _text(expr, node.left)
    sign, _, right = expr[len(left) :].strip().partition(" ")
    lines: list[str] = []
    for head, side in ((operator, left), (f"{sign} ", right)):
        whole = f"{INDENT * indent}{head}{side}"
        inner = ast.parse(side, mode="eval").body
        if len(whole) <= WIDTH or side.startswith("("):
            lines.append(whole)
        elif isinstance(inner, ast.BinOp):
            lines += _sides(side, inner, indent, head)
        else:
            lines += statement(head, side, indent)
    return lines


def dictionary(tree: Tree, indent: int, head: str = "", tail: str = "") -> list[str]:
    """The lines of a nested dict literal, one entry a line."""
    pad = INDENT * indent
    if not tree:
        return [f"{pad}{head}{{}}{tail}"]
    lines = [f"{pad}{head}{{"]
    for key, value in tree.items():
        entry = f'"{key}": '
        if isinstance(value, str):
            lines += statement(entry, value, indent + 1, tail=",")
        else:
            lines += dictionary(value, indent + 1, entry, ",")
    return [*lines, f"{pad}}}{tail}"]


def inline(tree: Tree) -> str:
    """A nested dict literal on one line."""
    entries = (
        f'"{key}": {value if isinstance(value, str) else inline(value)}'
        for key, value in tree.items()
    )
    return f"{{{', '.join(entries)}}}"


def nest(flat: Mapping[str, str]) -> Tree:
    """`{"dense.kernel": x}` as `{"dense": {"kernel": x}}`."""
    tree: dict[str, Tree | str] = {}
    for path, value in flat.items():
        *parents, last = path.split(".")
        at = tree
        for part in parents:
            inner = at.setdefault(part, {})
            assert isinstance(inner, dict)
            at = inner
        at[last] = value
    return tree


def subscript(root: str, path: str) -> str:
    """`params["dense"]["kernel"]`."""
    return root + "".join(f'["{part}"]' for part in path.split("."))


def collapse(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels of whole parts where all weights of a part have the same one.

    `{"a.x": "1", "a.y": "1", "b.x": "2", "b.y": "1"}` is `{"a": "1", "b.x": "2", "b.y": "1"}`.
    """
    below: dict[str, set[str]] = {}
    for path, label in labels.items():
        for head in _heads(path):
            below.setdefault(head, set()).add(label)
    return {
        next(head for head in _heads(path) if len(below[head]) == 1): label
        for path, label in labels.items()
    }


def _heads(path: str) -> list[str]:
    """`a.b.kernel`: `a`, `a.b`, `a.b.kernel`."""
    parts = path.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]


def comment(text: str, limit: int) -> str:
    """Text as one ASCII line that is safe in a comment."""
    line = " ".join(text.split()).encode("ascii", "backslashreplace").decode()
    line = "".join(char if char.isprintable() else "?" for char in line)
    return line if len(line) <= limit else line[: limit - 3] + "..."
