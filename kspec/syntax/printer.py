"""Print a syntax tree as canonical text. `parse(print_spec(tree))` is the same tree."""

from __future__ import annotations

import re
from typing import Final

from kspec.syntax import tree
from kspec.syntax.tree import Expr, Spec

_LEVELS: Final = {
    "->": 0,
    "or": 1,
    "and": 2,
    "not": 3,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), 4),
    **dict.fromkeys(("+", "-"), 5),
    **dict.fromkeys(("*", "/", "//", "@"), 6),
    "-x": 7,
    "**": 8,
}
_POSTFIX: Final = 9
_LINES: Final = (tree.ImportDecl, tree.ExternDecl, tree.ParamDecl)  # declarations of one line
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+")
_ESCAPES: Final = {"\n": "\\n", "\t": "\\t", '"': '\\"', "\\": "\\\\"}


def print_spec(spec: Spec) -> str:
    """The text of a whole spec."""
    parts: list[str] = []
    for before, d in zip((None, *spec.declarations), spec.declarations, strict=False):
        short = isinstance(before, _LINES) and isinstance(d, type(before))
        parts += ["" if before is None else "\n" if short else "\n\n", _declaration(d)]
    return "".join(parts) + "\n"


def _declaration(d: tree.Declaration) -> str:
    match d:
        case tree.ImportDecl():
            return f"import {_atom(tree.String(d.path, d.path_span))}"
        case tree.ExternDecl():
            target = _atom(tree.String(d.target, d.target_span))
            operands, results = (", ".join(map(_type, each)) for each in (d.operands, d.results))
            return f"extern {target} : {operands} -> {results}"
        case tree.ParamDecl():
            return f"param {d.name} : {d.type} = {print_expr(d.default)}"
        case tree.DataDecl():
            lines = [_setting(s) for s in d.settings]
            lines += [f"{f.name} : {_type(f.type)}" for f in d.fields]
            lines += [f"augment {_augment(a)}" for a in d.augments]
            return _block(f"data {d.name}", lines)
        case tree.TrainDecl():
            head = "train" if d.name == "train" else f"train {d.name}"
            return _block(head, [line for item in d.items for line in _item(item)])
        case tree.ModelDecl():
            params = ", ".join(
                p.name if p.default is None else f"{p.name} = {print_expr(p.default)}"
                for p in d.params
            )
            word = "block" if d.is_block else "model"
            head = f"{word} {d.name}" + (f"({params})" if d.params else "")
            return _block(head, _body(d.body))


def _body(statements: tuple[tree.Statement, ...]) -> list[str]:
    return [line for s in statements for line in _statement(s).split("\n")]


def _block(head: str, lines: list[str]) -> str:
    return "\n".join([f"{head} {{", *(f"  {line}" for line in lines), "}"])


def _setting(s: tree.Setting) -> str:
    return f"{s.key} = {print_expr(s.value)}"


def _item(item: tree.TrainItem) -> list[str]:
    """The lines of a part of a train block."""
    match item:
        case tree.Setting():
            return [_setting(item)]
        case tree.Group():
            return [f"{item.key} {_selector(item.selector)} = {print_expr(item.value)}"]
        case tree.Section():
            return _block(item.name, [_setting(s) for s in item.settings]).split("\n")
        case tree.Freeze():
            return [f"{'freeze' if item.frozen else 'unfreeze'} {_selector(item.selector)}"]
        case tree.Load():
            path = _atom(tree.String(item.path, item.path_span))
            return [f"load {_selector(item.selector)} from {path}"]
        case tree.Phase():
            lines = [line for inner in item.items for line in _item(inner)]
            return _block(f"phase {item.name}", lines).split("\n")


def _augment(augment: tree.Augment) -> str:
    steps: list[str] = []
    value = augment.value
    while isinstance(value, tree.Pipe):
        steps.insert(0, print_expr(value.target, 1))
        value = value.source
    return " -> ".join([", ".join(augment.names), *steps])


def _selector(selector: tree.Selector) -> str:
    return ".".join(selector.parts)


def _statement(s: tree.Statement) -> str:
    match s:
        case tree.Input():
            return f"input {s.name} : {_type(s.type)}"
        case tree.Share():
            return f"share {s.name} = {print_expr(s.value)}"
        case tree.Assign():
            return f"{s.name}{_note(s.type)} = {print_expr(s.value)}"
        case tree.Unpack():
            return f"{', '.join(s.names)} = {print_expr(s.value)}"
        case tree.Output():
            if s.name is None:
                return f"output {print_expr(s.value)}"
            return f"output {s.name}{_note(s.type)} = {print_expr(s.value)}"
        case tree.Weight():
            init = "" if s.init is None else f" = {print_expr(s.init)}"
            return f"weight {s.name} : {_type(s.type)}{init}"
        case tree.Repeat():
            start = "0" if s.start is None else print_expr(s.start)
            rounds = f"{s.index} in {start}.." if s.index else ""
            return _block(f"repeat {rounds}{print_expr(s.stop)}", _body(s.body))
        case tree.When():
            return _when(s)


def _when(when: tree.When) -> str:
    text = _block(f"if {print_expr(when.condition)}", _body(when.then))
    if not when.otherwise:
        return text
    if len(when.otherwise) == 1 and isinstance(when.otherwise[0], tree.When):
        return f"{text} else {_when(when.otherwise[0])}"
    return f"{text} {_block('else', _body(when.otherwise))}"


def _note(type: tree.TypeExpr | None) -> str:
    return "" if type is None else f" : {_type(type)}"


def _type(type: tree.TypeExpr) -> str:
    if type.dims is None:
        return type.name
    return f"{type.name}[{', '.join(map(_axis, type.dims))}]"


def _axis(axis: tree.Axis) -> str:
    match axis:
        case tree.Ellipsis():
            return "..."
        case tree.Ragged():
            return f"..{print_expr(axis.bound)}"
        case _:
            return print_expr(axis)


def print_expr(expr: Expr, level: int = 0) -> str:
    """The text of an expression, in parentheses where `level` binds tighter."""
    match expr:
        case tree.Unary() | tree.Binary() | tree.Pipe():
            return _operator(expr, level)
        case tree.Tuple() | tree.List() | tree.Record():
            return _collection(expr)
        case tree.Call():
            args = [
                f"{a.name}={print_expr(a.value)}" if a.name else print_expr(a.value)
                for a in expr.args
            ]
            return f"{expr.func.id}({', '.join(args)})"
        case tree.Attribute():
            return f"{print_expr(expr.value, _POSTFIX)}.{expr.name}"
        case tree.Index():
            items = ", ".join(_subscript(item) for item in expr.items)
            return f"{print_expr(expr.value, _POSTFIX)}[{items}]"
        case _:
            return _atom(expr)


def _subscript(item: Expr | tree.Slice | tree.Ellipsis) -> str:
    match item:
        case tree.Ellipsis():
            return "..."
        case tree.Slice():
            start, stop, step = (
                "" if part is None else print_expr(part)
                for part in (item.start, item.stop, item.step)
            )
            return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"
        case _:
            return print_expr(item)


def _atom(expr: tree.Name | tree.Number | tree.String | tree.Literal) -> str:
    match expr:
        case tree.Name():
            return expr.id
        case tree.Number():
            return f"{expr.value!r}{expr.unit}"
        case tree.String():
            return '"' + "".join(_ESCAPES.get(char, char) for char in expr.value) + '"'
        case tree.Literal():
            return {None: "none", True: "true", False: "false"}[expr.value]


def _collection(expr: tree.Tuple | tree.List | tree.Record) -> str:
    if isinstance(expr, tree.Record):
        entries = ", ".join(f"{_key(e)}: {print_expr(e.value)}" for e in expr.entries)
        return f"{{ {entries} }}"
    items = ", ".join(print_expr(item) for item in expr.items)
    if isinstance(expr, tree.List):
        return f"[{items}]"
    return f"({items},)" if len(expr.items) == 1 else f"({items})"


def _key(entry: tree.Entry) -> str:
    """A name or a number as it is, other texts in quotes."""
    plain = _PLAIN_KEY.fullmatch(entry.key)
    return entry.key if plain else _atom(tree.String(entry.key, entry.key_span))


def _operator(expr: tree.Unary | tree.Binary | tree.Pipe, level: int) -> str:
    if isinstance(expr, tree.Unary):
        own = _LEVELS["not" if expr.op == "not" else "-x"]
        sign = "not " if expr.op == "not" else "-"
        text = f"{sign}{print_expr(expr.operand, own)}"
    elif isinstance(expr, tree.Pipe):
        own = _LEVELS["->"]
        text = f"{print_expr(expr.source, own)} -> {print_expr(expr.target, own + 1)}"
    else:
        own = _LEVELS[expr.op]
        if expr.op == "**":
            left, right = print_expr(expr.left, own + 1), print_expr(expr.right, _LEVELS["-x"])
        else:
            tight = own + (own == _LEVELS["=="])
            left, right = print_expr(expr.left, tight), print_expr(expr.right, own + 1)
        text = f"{left} {expr.op} {right}"
    return f"({text})" if own < level else text
