"""Parse a text: a tree, or every syntax mistake in it.

After a mistake its statement is blanked out and the rest is read again, so that one
run shows all independent mistakes and a mistake causes no second one.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final, cast

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from kspec.diagnostics import Diagnostic, Source, Span, SpecError
from kspec.diagnostics.errors import (
    ForbiddenCharacter,
    SyntaxMistake,
    TooDeep,
    TooLarge,
    UnclosedBracket,
)
from kspec.diagnostics.suggest import closest
from kspec.syntax import tables
from kspec.syntax.build import Build
from kspec.syntax.lines import LimitReached, Lines
from kspec.syntax.tree import Expr, Spec

LARGEST: Final = 2**20  # characters of a spec
MOST_MISTAKES: Final = 20
# Control characters, and those that change the direction or hide the extent of a text.
_FORBIDDEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ud800-\udfff]"
)
# What the parser may expect, in an author's words; several terminals share a word.
_WORDS: Final = {
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": "a string",
    "TRUE": "a value",
    "FALSE": "a value",
    "NONE": "a value",
    "COMPARE": "an operator",
    "PLUS": "an operator",
    "PRODUCT": "an operator",
    "POWER": "an operator",
    "ONE": "`*`",
    "MANY": "`**`",
    "MINUS": "an operator",
    "AND": "an operator",
    "OR": "an operator",
    "NOT": "a value",
    "_NL": "a new line",
    "$END": "the end of the file",
}
_VALUE_START: Final = {"NAME", "NUMBER", "STRING", "LPAR"}
KEYWORDS: Final = (
    *("import", "extern", "param", "data", "model", "block", "train"),
    *("input", "output", "share", "weight", "repeat"),
    *("phase", "load", "freeze", "unfreeze", "augment"),
)
_CLOSERS: Final = {"LPAR": ")", "LSQB": "]", "LBRACE": "}"}


@cache
def _lark() -> tuple[Any, Lines]:
    lines = Lines()
    return tables.load(lines), lines


def parse(source: Source) -> Spec:
    """The tree of a spec. Raises SpecError with all syntax mistakes."""
    return _parse(source, "spec")


def parse_expression(source: Source) -> Expr:
    """The tree of one expression. Raises SpecError."""
    return _parse(source, "expr")


def _parse(source: Source, start: str) -> Any:
    mistakes: list[Diagnostic] = _guard(source)
    if mistakes:
        raise SpecError(tuple(mistakes))
    text = source.text
    for _ in range(MOST_MISTAKES):
        parser, lines = _lark()
        build: Any = Build(source)
        try:
            tree = build.transform(parser.parse(text, start=start))
        except UnexpectedToken as found:
            error = cast("Any", found)
            mistakes.append(_unexpected(source, error, lines))
            at = _at(error.token, text)
        except UnexpectedCharacters as error:
            at = cast("Any", error).pos_in_stream
            mistakes.append(_character(source, at))
        except LimitReached as error:
            at = error.token.start_pos or 0
            span = Span(source, at, at + 1)
            mistakes.append(TooDeep(span=span, what=error.what, limit=error.limit))
            break
        else:
            mistakes += build.mistakes
            if not mistakes:
                return tree
            break
        blanked = _blank(text, at) if start == "spec" else None
        if blanked is None or blanked == text:
            break
        text = blanked
    unique = list(dict.fromkeys(mistakes))
    unique.sort(key=lambda d: d.span.start if d.span else 0)
    raise SpecError(tuple(unique))


def _at(token: Any, text: str) -> int:
    return len(text) if token.type == "$END" else token.start_pos or 0


def _guard(source: Source) -> list[Diagnostic]:
    """Refuse what is too large to read or not fit to be shown."""
    if len(source.text) > LARGEST:
        return [TooLarge(span=None, name=source.name, limit=LARGEST)]
    return [
        ForbiddenCharacter(
            span=Span(source, match.start(), match.end()), code_point=f"U+{ord(match[0]):04X}"
        )
        for match in list(_FORBIDDEN.finditer(source.text))[:MOST_MISTAKES]
    ]


def _unexpected(source: Source, error: Any, lines: Lines) -> Diagnostic:
    token: Token = error.token
    span = _token_span(source, token)
    found = _found(token)
    if source.text[span.start - 1 : span.end] == "->":  # read as a minus and a comparison
        span, found = Span(source, span.start - 1, span.end), "`->`"
    inner = [bracket for bracket in lines.stack if bracket is not token]
    if inner and (inner[-1].line != token.line or token.type == "$END"):
        opener = inner[-1]
        closes_other = token.type in ("RPAR", "RSQB", "RBRACE")
        if opener.type != "LBRACE" or token.type == "$END" or closes_other:
            where = Span(source, opener.start_pos or 0, opener.end_pos or 0)
            return UnclosedBracket(span=where, bracket=str(opener), closing=_CLOSERS[opener.type])
    terminals: set[str] = error.accepts or error.expected
    first = _first_word(source, span)
    if token.type == "NAME" and first and closest(first.text, KEYWORDS):
        return SyntaxMistake.of(
            first, "a keyword or `name = ...`", f"`{first.text}`", first.text, KEYWORDS
        )
    keywords = [word for word in _spelled(terminals).values() if word.isidentifier()]
    mistake = SyntaxMistake.of(span, _expected(terminals), found, str(token), keywords)
    return mistake.replace(advice=_advice(source.text, span))


def _advice(text: str, span: Span) -> str:
    """How something is written that Keras writes in another way; else nothing."""
    line = text[text.rfind("\n", 0, span.start) + 1 : span.start]
    rest = text[span.start :].split("\n", 1)[0]
    shape = re.match(r"\(?([\d, ]*\d)[, ]*\)?", rest)
    if shape and (type := re.search(r":\s*(\w*)\s*$", line)):
        return f"a type is written `{type[1] or 'f32'}[{shape[1]}]`"
    if rest.startswith("(") and line.endswith(")"):
        return "a tensor stands before its layer: `x -> dense(10)`"
    return ""


def _first_word(source: Source, span: Span) -> Span | None:
    """The word that begins a statement, where it is all that stands before a place."""
    line = source.text.rfind("\n", 0, span.start) + 1
    before = re.fullmatch(r"[ \t]*(\w+)[ \t]+", source.text[line : span.start])
    return before and Span(source, line + before.start(1), line + before.end(1))


def _token_span(source: Source, token: Token) -> Span:
    if token.type == "$END" or token.start_pos is None:
        end = len(source.text.rstrip())
        return Span(source, end, end)
    return Span(source, token.start_pos, token.end_pos or token.start_pos + 1)


def _expected(terminals: set[str]) -> str:
    """`a name, a number or `)``: never the name of a terminal."""
    words: list[str] = []
    values = terminals >= _VALUE_START
    if values:
        words.append("a value, a name or a layer")
        terminals = terminals - {
            "NAME",
            "NUMBER",
            "STRING",
            "TRUE",
            "FALSE",
            "NONE",
            "MINUS",
            "NOT",
        }
        terminals = terminals - {"LPAR", "LSQB", "LBRACE"}
    marks = _spelled(terminals)
    if "$END" in terminals and marks:
        terminals = terminals - {"$END", "_NL"}
    for name in sorted(name for name in terminals if name in _WORDS):
        if _WORDS[name] not in words:
            words.append(_WORDS[name])
    words += [f"`{marks[name]}`" for name in sorted(marks)]
    if len(words) > 1:
        return f"{', '.join(words[:-1])} or {words[-1]}"
    return words[0] if words else "nothing more"


def _spelled(terminals: set[str]) -> dict[str, str]:
    """How keywords and punctuation are written, by terminal."""
    parser, _ = _lark()
    texts = {terminal.name: terminal.pattern.value for terminal in parser.terminals}
    return {name: texts.get(name, name) for name in terminals if name not in _WORDS}


def _found(token: Token) -> str:
    if token.type == "$END":
        return "end of the file"
    return "end of the line" if token.type == "_NL" else f"`{token}`"


def _character(source: Source, at: int) -> Diagnostic:
    char = source.text[at]
    span = Span(source, at, at + 1)
    if char == '"':
        line = source.text[at:].split("\n", 1)[0]
        span = Span(source, at, at + len(line))
        return UnclosedBracket(span=span, bracket='"', closing='"')
    return SyntaxMistake(span=span, expected="a name, a number or an operator", found=f"`{char}`")


def _blank(text: str, at: int) -> str | None:
    """The text without the statement at a place; None where it cannot be cut out."""
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    line = text[start:end]
    opened = line.count("{") - line.count("}")
    if opened < 0 or not line.strip():
        return None
    while opened > 0:
        closing = re.compile(r"[{}]").search(text, end)
        if closing is None:
            return None
        opened += 1 if closing[0] == "{" else -1
        end = closing.end()
    return text[:start] + re.sub(r"[^\n]", " ", text[start:end]) + text[end:]
