"""Lay a spec out: `kspec fmt`.

Lines stay the author's lines, as in gofmt: what changes is indentation, the spaces between
tokens, and blank lines. Padding that lines a token up with one of the line above or below
stays. Every comment stays where it is.

    model   Net{            model Net {
    input x:f32[8]    ->      input x : f32[8]
     output y=x->dense( 1 )   output y = x -> dense(1)
    }                       }
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from kspec.diagnostics import Source
from kspec.syntax.parser import parse

INDENT: Final = "  "
_TOKEN: Final = re.compile(
    r"""(?P<comment>\#[^\n]*)
    |(?P<string>"(?:[^"\\\n]|\\[^\n])*")
    |(?P<number>[0-9][0-9_]*(?:\.[0-9][0-9_]*)?(?:[eE][+-]?[0-9]+)?(?:%|[A-Za-z_][A-Za-z0-9_]*)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<op>->|\.\.\.|\.\.|\*\*|//|==|!=|<=|>=|[-+*/@<>=:,.(){}\[\]])""",
    re.VERBOSE,
)
_OPENING: Final = "([{"
_CLOSING: Final = ")]}"
_BINARY: Final = ("->", "**", "//", "==", "!=", "<=", ">=", *"+-*/@<>")
_WORDS: Final = (
    *("and", "or", "not", "in", "if", "else", "repeat", "output", "import", "from", "extern"),
)
_KEYWORDS: Final = ("input", "output", "share", "weight")
_MOST_PASSES: Final = 8


@dataclass
class _Token:
    kind: str
    text: str
    column: int  # in the original line
    brackets: str  # those open around it, as `_opened` calls them
    unary: bool = False
    opens_record: bool = False
    aligned: bool = False  # with a token of the line above or below, in the original
    tight: bool = False  # no space before it: `1/255`


def format_text(text: str, name: str = "<text>") -> str:
    """The text laid out. Raises SpecError if it does not parse."""
    parse(Source(name, text))
    for _ in range(_MOST_PASSES):
        formatted = _once(text)
        if formatted == text:
            break
        text = formatted
    return text


def _once(text: str) -> str:
    lines = _lines(text)
    _mark_aligned(lines)
    out: list[str] = []
    brackets: list[str] = []
    continues = False
    for number, tokens in enumerate(lines):
        if not tokens:
            if out and out[-1] and not out[-1].endswith("{"):
                out.append("")
            continue
        if not brackets or brackets[-1] == "{":
            code = (each for each in lines[number:] if each and each[0].kind != "comment")
            continues = next(code, tokens)[0].text == "->"
        depth = _depth(tokens, brackets) + continues
        if out and not out[-1] and tokens[0].text == "}":
            out.pop()
        if out and not brackets and out[-1] == "}":  # between declarations
            out.append("")
        out.append(INDENT * depth + _line(tokens))
        _advance(tokens, brackets)
    while out and not out[-1]:
        out.pop()
    return "\n".join(out) + "\n" if out else ""


def _lines(text: str) -> list[list[_Token]]:
    """Tokens by line, with the brackets around each."""
    lines: list[list[_Token]] = []
    brackets: list[str] = []
    before = ""
    for line in text.split("\n"):
        tokens: list[_Token] = []
        for match in _TOKEN.finditer(line):
            kind, piece = match.lastgroup or "", match[0]
            if kind == "op" and piece in _CLOSING and brackets:
                brackets.pop()
            token = _Token(kind, piece, match.start(), "".join(brackets))
            token.unary = piece == "-" and _is_operator(before)
            tokens.append(token)
            if kind != "comment":
                if kind == "op" and piece in _OPENING:
                    token.opens_record = piece == "{" and _is_operator(before)
                    brackets.append(_opened(token, tokens))
                before = piece
        if brackets[-1:] in ([], ["{"]):
            before = "\n"
        _tighten(tokens)
        lines.append(tokens)
    return lines


def _tighten(tokens: list[_Token]) -> None:
    """A `/` between two numbers is a fraction, written without spaces."""
    for left, slash, right in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if slash.text == "/" and left.kind == right.kind == "number":
            slash.tight = right.tight = True


def _opened(token: _Token, line: list[_Token]) -> str:
    """What a bracket opens: "r" is a record, "p" the parameters of a block."""
    if token.opens_record:
        return "r"
    heads = token.text == "(" and line[0].text in ("model", "block") and not token.brackets
    return "p" if heads else token.text


def _is_operator(before: str) -> bool:
    """Whether what follows this token starts a value."""
    starts = before in _BINARY or before in _WORDS or before in (*_OPENING, "", "\n")
    return starts or before in ("=", ":", ",", "..")


def _mark_aligned(lines: list[list[_Token]]) -> None:
    """Mark tokens that stand right below or above the start of another token."""
    for number, tokens in enumerate(lines):
        columns: set[int] = set()
        for other in (number - 1, number + 1):
            if 0 <= other < len(lines):
                columns |= {token.column for token in lines[other] if token.kind != "comment"}
        for before, token in pairwise(tokens):
            movable = token.text in ("=", ":", "{") or before.text in _KEYWORDS
            token.aligned = movable and token.column in columns


def _depth(tokens: list[_Token], brackets: list[str]) -> int:
    """How many brackets a line stands in, those that it closes first left out."""
    closing = 0
    for token in tokens:
        if token.kind != "op" or token.text not in _CLOSING:
            break
        closing += 1
    return max(0, len(brackets) - closing)


def _advance(tokens: list[_Token], brackets: list[str]) -> None:
    """The brackets that are open behind a line."""
    for token in tokens:
        if token.kind == "op" and token.text in _OPENING:
            brackets.append(_opened(token, tokens))
        elif token.kind == "op" and token.text in _CLOSING and brackets:
            brackets.pop()


def _line(tokens: list[_Token]) -> str:
    text = tokens[0].text if tokens[0].kind != "comment" else tokens[0].text.rstrip()
    width = tokens[0].column + len(tokens[0].text)
    for before, token in pairwise(tokens):
        padding = token.column - width
        if token.kind == "comment":
            text += " " * max(2, padding) + token.text.rstrip()
            break
        space = _space(before, token, before is tokens[0])
        if space and padding > 1 and token.aligned:
            space = " " * padding
        text += space + token.text
        width = token.column + len(token.text)
    return text


def _space(before: _Token, token: _Token, leads: bool) -> str:
    """The space between two tokens of a line, the first of which may lead it, padding aside."""
    a, b = before.text, token.text
    if token.tight or before.unary or b in (",", ".") or a == "." or ".." in (a, b):
        return ""
    if token.kind == "op" and b in ")]":
        return ""
    if a == ",":
        return " "
    if "=" in (a, b):
        return "" if token.brackets[-1:] == "(" else " "
    if ":" in (a, b):
        return _around_colon(token)
    if before.kind == "op" and a in "([":
        return ""
    if token.kind == "op" and b in "([":
        op = a == "repeat" and not leads  # `y = repeat(x, 2)`, and no loop
        called = before.kind == "name" and (op or a not in _WORDS)
        return "" if called or a in (")", "]") else " "
    return " "


def _around_colon(token: _Token) -> str:
    """`key: value` in a record, `x[1:3]` in an index, `name : type` elsewhere."""
    if token.brackets[-1:] == "[":
        return ""
    return "" if token.brackets[-1:] == "r" and token.text == ":" else " "
