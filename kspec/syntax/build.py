"""From Lark's reductions to the syntax tree: one method a rule, named as in the grammar."""

# ruff: noqa: D102

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from typing import Any, TypeVar, cast

from lark import Token, Transformer
from lark import v_args as _v_args  # pyright: ignore[reportUnknownVariableType]
from lark.tree import Meta

from kspec.diagnostics import Diagnostic, Source, Span
from kspec.diagnostics.errors import BadUnit, InvalidNumber, InvalidString, ReservedName
from kspec.syntax import tree

UNITS = ("%", "deg", "B", "KiB", "MiB", "GiB", "ms", "s", "min", "h", "epochs", "steps")
LONGEST_NUMBER = 40  # characters
_NUMBER = re.compile(r"([0-9][0-9_]*(?:\.[0-9][0-9_]*)?(?:[eE][+-]?[0-9]+)?)(.*)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}
# Python's keywords, and what a generated file calls its own.
OWN = ("jax", "jnp", "np", "optax", "partial", "params", "stats", "state", "sums")
RESERVED = frozenset((*keyword.kwlist, *OWN))
N = TypeVar("N")
v_args = cast("Any", _v_args)


@v_args(meta=True)
class Build(Transformer[Token, Any]):
    """Makes nodes. Mistakes that the grammar cannot see are collected in `mistakes`."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.source = source
        self.mistakes: list[Diagnostic] = []

    def _span(self, at: Token | Meta) -> Span:
        end = at.end_pos
        return Span(self.source, at.start_pos or 0, end if end is not None else 0)

    def _own(self, token: Token) -> str:
        """A name that the author gives to a value: it must be possible in Python."""
        if token in RESERVED or token.startswith("__"):
            self.mistakes.append(ReservedName(span=self._span(token), name=str(token)))
        return str(token)

    # --- declarations

    def spec(self, meta: Meta, items: list[Any]) -> tree.Spec:
        return tree.Spec(self.source, tuple(_some(items)))

    def param_decl(self, meta: Meta, items: list[Any]) -> tree.ParamDecl:
        name, type, default = items
        return tree.ParamDecl(
            self._own(name),
            self._span(name),
            str(type),
            self._span(type),
            default,
            self._span(meta),
        )

    def data_decl(self, meta: Meta, items: list[Any]) -> tree.DataDecl:
        name, *rest = items
        rest = _some(rest)
        return tree.DataDecl(
            str(name),
            self._span(name),
            tuple(item for item in rest if isinstance(item, tree.Setting)),
            tuple(item for item in rest if isinstance(item, tree.Field)),
            self._span(meta),
        )

    def _model(self, meta: Meta, items: list[Any], is_block: bool) -> tree.ModelDecl:
        name, params, body = items
        return tree.ModelDecl(
            str(name), self._span(name), params or (), body, is_block, self._span(meta)
        )

    def model_decl(self, meta: Meta, items: list[Any]) -> tree.ModelDecl:
        return self._model(meta, items, False)

    def block_decl(self, meta: Meta, items: list[Any]) -> tree.ModelDecl:
        return self._model(meta, items, True)

    def train_decl(self, meta: Meta, items: list[Any]) -> tree.TrainDecl:
        return tree.TrainDecl(tuple(_some(items)), self._span(meta))

    def parameters(self, meta: Meta, items: list[Any]) -> tuple[tree.Parameter, ...]:
        return tuple(_some(items))

    def parameter(self, meta: Meta, items: list[Any]) -> tree.Parameter:
        name, default = items
        return tree.Parameter(str(name), default, self._span(meta))

    def setting(self, meta: Meta, items: list[Any]) -> tree.Setting:
        key, value = items
        return tree.Setting(str(key), self._span(key), value, self._span(meta))

    def field(self, meta: Meta, items: list[Any]) -> tree.Field:
        name, type = items
        return tree.Field(self._own(name), self._span(name), type, self._span(meta))

    # --- statements

    def body(self, meta: Meta, items: list[Any]) -> tuple[tree.Statement, ...]:
        statements: list[tree.Statement] = []
        for item in _some(items):
            statements += item if isinstance(item, list) else [item]
        return tuple(statements)

    def input(self, meta: Meta, items: list[Any]) -> list[tree.Input]:
        *names, type = items
        span = self._span(meta)
        return [tree.Input(self._own(name), self._span(name), type, span) for name in names]

    def output(self, meta: Meta, items: list[Any]) -> tree.Output:
        name, type, value = items
        return tree.Output(self._own(name), self._span(name), type, value, self._span(meta))

    def result(self, meta: Meta, items: list[Any]) -> tree.Output:
        return tree.Output(None, None, None, items[0], self._span(meta))

    def share(self, meta: Meta, items: list[Any]) -> tree.Share:
        name, value = items
        return tree.Share(self._own(name), self._span(name), value, self._span(meta))

    def assign(self, meta: Meta, items: list[Any]) -> tree.Assign:
        name, type, value = items
        return tree.Assign(self._own(name), self._span(name), type, value, self._span(meta))

    # --- types

    def type(self, meta: Meta, items: list[Any]) -> tree.TypeExpr:
        name, dims = items
        return tree.TypeExpr(str(name), self._span(name), dims, self._span(meta))

    def dims(self, meta: Meta, items: list[Any]) -> tuple[tree.Expr | tree.Ellipsis, ...]:
        return tuple(_some(items))

    def ellipsis(self, meta: Meta, items: list[Any]) -> tree.Ellipsis:
        return tree.Ellipsis(self._span(meta))

    # --- expressions

    def arrow(self, meta: Meta, items: list[Any]) -> tree.Pipe:
        source, target = items
        return tree.Pipe(source, target, self._span(meta))

    def binary(self, meta: Meta, items: list[Any]) -> tree.Binary:
        left, op, right = items
        return tree.Binary(str(op), left, right, self._span(meta))

    def negative(self, meta: Meta, items: list[Any]) -> tree.Unary:
        return tree.Unary("-", items[1], self._span(meta))

    def attribute(self, meta: Meta, items: list[Any]) -> tree.Attribute:
        value, name = items
        return tree.Attribute(value, str(name), self._span(meta))

    def name(self, meta: Meta, items: list[Any]) -> tree.Name:
        return tree.Name(str(items[0]), self._span(meta))

    def true(self, meta: Meta, items: list[Any]) -> tree.Literal:
        return tree.Literal(True, self._span(meta))

    def false(self, meta: Meta, items: list[Any]) -> tree.Literal:
        return tree.Literal(False, self._span(meta))

    def none(self, meta: Meta, items: list[Any]) -> tree.Literal:
        return tree.Literal(None, self._span(meta))

    def group(self, meta: Meta, items: list[Any]) -> tree.Expr:
        return items[0]

    def number(self, meta: Meta, items: list[Any]) -> tree.Number:
        span = self._span(meta)
        match = _NUMBER.fullmatch(items[0])
        assert match is not None
        digits, unit = match.group(1), match.group(2).lstrip("_")
        if unit and unit not in UNITS:
            self.mistakes.append(BadUnit(span=span, unit=unit, units=", ".join(UNITS)))
        if len(digits) > LONGEST_NUMBER:
            reason = f"it has more than {LONGEST_NUMBER} characters"
            self.mistakes.append(InvalidNumber(span=span, reason=reason))
            return tree.Number(0, "", span)
        plain = digits.replace("_", "")
        value = int(plain) if plain.isdigit() else float(plain)
        if isinstance(value, float) and value == float("inf"):
            self.mistakes.append(InvalidNumber(span=span, reason="it is too large for a float"))
        if isinstance(value, int) and value >= 2**63:
            self.mistakes.append(InvalidNumber(span=span, reason="it does not fit into 64 bits"))
        return tree.Number(value, unit, span)

    def string(self, meta: Meta, items: list[Any]) -> tree.String:
        span = self._span(meta)
        parts: list[str] = []
        chars = iter(items[0][1:-1])
        for char in chars:
            if char == "\\":
                escape = next(chars)
                if escape not in _ESCAPES:
                    reason = f"`\\{escape}` is no escape; a backslash is written `\\\\`"
                    self.mistakes.append(InvalidString(span=span, reason=reason))
                char = _ESCAPES.get(escape, "")
            parts.append(char)
        return tree.String("".join(parts), span)

    def call(self, meta: Meta, items: list[Any]) -> tree.Call:
        name, *args = items
        func = tree.Name(str(name), self._span(name))
        return tree.Call(func, tuple(_some(args)), self._span(meta))

    def positional(self, meta: Meta, items: list[Any]) -> tree.Argument:
        return tree.Argument(None, None, items[0], self._span(meta))

    def keyword(self, meta: Meta, items: list[Any]) -> tree.Argument:
        return tree.Argument(str(items[0]), self._span(items[0]), items[1], self._span(meta))

    def tuple(self, meta: Meta, items: list[Any]) -> tree.Tuple:
        return tree.Tuple(_pack(_some(items)), self._span(meta))

    def list(self, meta: Meta, items: list[Any]) -> tree.List:
        return tree.List(_pack(_some(items)), self._span(meta))

    def record(self, meta: Meta, items: list[Any]) -> tree.Record:
        return tree.Record(_pack(_some(items)), self._span(meta))

    def entry(self, meta: Meta, items: list[Any]) -> tree.Entry:
        key, value = items
        return tree.Entry(str(key), self._span(key), value)


def _some(items: Iterable[N | None]) -> list[N]:
    """Without the gaps that optional parts leave."""
    return [item for item in items if item is not None]


def _pack(items: Iterable[Any]) -> Any:
    return cast("Any", (*items,))
