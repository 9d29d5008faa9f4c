"""From Lark's reductions to the syntax tree: types and expressions, one method a rule."""

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
OWN = ("jax", "jnp", "np", "optax", "partial", "params", "stats", "state", "sums", "mask", "key")
RESERVED = frozenset((*keyword.kwlist, *OWN))
N = TypeVar("N")
v_args = cast("Any", _v_args)


@v_args(meta=True)
class BuildExpressions(Transformer[Token, Any]):
    """Makes nodes. Mistakes that the grammar cannot see are collected in `mistakes`."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.source = source
        self.mistakes: list[Diagnostic] = []

    def span_of(self, at: Token | Meta) -> Span:
        end = at.end_pos
        return Span(self.source, at.start_pos or 0, end if end is not None else 0)

    def own_name(self, token: Token) -> str:
        """A name that the author gives to a value: it must be possible in Python."""
        if token in RESERVED or token.startswith("__"):
            self.mistakes.append(ReservedName(span=self.span_of(token), name=str(token)))
        return str(token)

    # --- types

    def types(self, meta: Meta, items: list[Any]) -> tuple[tree.TypeExpr, ...]:
        return _pack(items)

    def type(self, meta: Meta, items: list[Any]) -> tree.TypeExpr:
        name, dims = items
        return tree.TypeExpr(str(name), self.span_of(name), dims, self.span_of(meta))

    def dims(self, meta: Meta, items: list[Any]) -> tuple[tree.Axis, ...]:
        return tuple(some(items))

    def ragged(self, meta: Meta, items: list[Any]) -> tree.Ragged:
        return tree.Ragged(items[0], self.span_of(meta))

    def ellipsis(self, meta: Meta, items: list[Any]) -> tree.Ellipsis:
        return tree.Ellipsis(self.span_of(meta))

    # --- expressions

    def arrow(self, meta: Meta, items: list[Any]) -> tree.Pipe:
        source, target = items
        return tree.Pipe(source, target, self.span_of(meta))

    def binary(self, meta: Meta, items: list[Any]) -> tree.Binary:
        left, op, right = items
        return tree.Binary(str(op), left, right, self.span_of(meta))

    def not_(self, meta: Meta, items: list[Any]) -> tree.Unary:
        return tree.Unary("not", items[1], self.span_of(meta))

    def index(self, meta: Meta, items: list[Any]) -> tree.Index:
        value, *rest = items
        return tree.Index(value, tuple(rest), self.span_of(meta))

    def slice(self, meta: Meta, items: list[Any]) -> tree.Slice:
        start, stop, step = items
        return tree.Slice(start, stop, step, self.span_of(meta))

    def negative(self, meta: Meta, items: list[Any]) -> tree.Unary:
        return tree.Unary("-", items[1], self.span_of(meta))

    def attribute(self, meta: Meta, items: list[Any]) -> tree.Attribute:
        value, name = items
        return tree.Attribute(value, str(name), self.span_of(meta))

    def name(self, meta: Meta, items: list[Any]) -> tree.Name:
        return tree.Name(str(items[0]), self.span_of(meta))

    def true(self, meta: Meta, items: list[Any]) -> tree.Literal:
        return tree.Literal(True, self.span_of(meta))

    def false(self, meta: Meta, items: list[Any]) -> tree.Literal:
        return tree.Literal(False, self.span_of(meta))

    def none(self, meta: Meta, items: list[Any]) -> tree.Literal:
        return tree.Literal(None, self.span_of(meta))

    def group(self, meta: Meta, items: list[Any]) -> tree.Expr:
        return items[0]

    def number(self, meta: Meta, items: list[Any]) -> tree.Number:
        span = self.span_of(meta)
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
        return self.string_of(items[0])

    def string_of(self, token: Token) -> tree.String:
        """A string with its escapes resolved."""
        span = self.span_of(token)
        parts: list[str] = []
        chars = iter(token[1:-1])
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
        func = tree.Name(str(name), self.span_of(name))
        return tree.Call(func, tuple(some(args)), self.span_of(meta))

    def positional(self, meta: Meta, items: list[Any]) -> tree.Argument:
        return tree.Argument(None, None, items[0], self.span_of(meta))

    def keyword(self, meta: Meta, items: list[Any]) -> tree.Argument:
        return tree.Argument(str(items[0]), self.span_of(items[0]), items[1], self.span_of(meta))

    def tuple(self, meta: Meta, items: list[Any]) -> tree.Tuple:
        return tree.Tuple(_pack(some(items)), self.span_of(meta))

    def list(self, meta: Meta, items: list[Any]) -> tree.List:
        return tree.List(_pack(some(items)), self.span_of(meta))

    def record(self, meta: Meta, items: list[Any]) -> tree.Record:
        return tree.Record(_pack(some(items)), self.span_of(meta))

    def entry(self, meta: Meta, items: list[Any]) -> tree.Entry:
        key, value = items
        text = str(key)
        if key.type == "STRING":
            text = self.string_of(key).value
        elif key.type == "NUMBER":
            text = text.replace("_", "")
        return tree.Entry(text, self.span_of(key), value)


def some(items: Iterable[N | None]) -> list[N]:
    """Without the gaps that optional parts leave."""
    return [item for item in items if item is not None]


def _pack(items: Iterable[Any]) -> Any:
    return cast("Any", (*items,))
