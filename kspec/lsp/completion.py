"""What can be typed at a place, from the text before it: the text need not parse."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from kspec.elaborate.phases import SETTINGS as PHASE_SETTINGS
from kspec.elaborate.signatures import describe_type, sign, spell
from kspec.elaborate.train import SETTINGS as TRAIN_SETTINGS
from kspec.ir import JAX_DTYPES
from kspec.registry import Definition, lookup, names
from kspec.syntax.symbols import Symbol

_KEYWORDS: Final = {
    "": ("import", "extern", "param", "data", "block", "model", "train"),
    "model": ("input", "output", "share", "weight", "repeat", "if"),
    "block": ("input", "output", "share", "weight", "repeat", "if"),
    "data": ("source", "split", "seed", "augment"),
    "train": (*TRAIN_SETTINGS, "phase", "freeze", "unfreeze", "load"),
    "phase": (*PHASE_SETTINGS, "freeze", "unfreeze"),
}
# What the value of a setting can be.
_VALUES: Final = {
    "optimizer": ("optimizer",),
    "loss": ("loss", "op"),
    "metrics": ("metric", "loss", "op"),
    "source": ("source",),
    "learning_rate": ("schedule",),
}
_EXPRESSIONS: Final = ("layer", "activation", "op")
_CALLABLE: Final = (
    "layer",
    "loss",
    "metric",
    "optimizer",
    "schedule",
    "source",
    "initializer",
    "op",
)
_WORD: Final = re.compile(r"\w*$")


@dataclass(frozen=True, slots=True)
class Item:
    """Something that can be typed.

    Attributes:
        label: The text.
        kind: `keyword`, `argument`, a kind of the vocabulary, or a symbol's kind.
        detail: A few words.
        doc: More words.
    """

    label: str
    kind: str
    detail: str = ""
    doc: str = ""


def complete(text: str, offset: int, symbols: Iterable[Symbol]) -> list[Item]:
    """What can be typed.

    Args:
        text: The whole text.
        offset: Where the cursor is.
        symbols: The names that can be used there.
    """
    before = text[:offset]
    start = offset - len(_word(before))
    blocks, call, line = _context(before[:start])
    if line.strip() == "" and call is None:
        return [*_statements(blocks), *_names(symbols)]
    if re.search(r":\s*$", line) and call is None:
        types = [Item(name, "type") for name in (*JAX_DTYPES, "class", "str")]
        return types if blocks[-1:] != ["{"] else []
    found = list(_arguments(call)) if call else []
    found += _names(symbols)
    for kind in _kinds(line, call, blocks):
        found += _vocabulary(kind)
    return found


def _word(before: str) -> str:
    match = _WORD.search(before)
    return match[0] if match else ""


def _context(before: str) -> tuple[list[str], str | None, str]:
    """The heads of the braces around, the callee of the innermost call, and the line so far."""
    text = re.sub(r'#[^\n]*|"(?:[^"\\\n]|\\.)*"', lambda m: " " * len(m[0]), before)
    stack: list[tuple[str, str]] = []
    for match in re.finditer(r"[(){}\[\]]", text):
        mark = match[0]
        if mark in "({[":
            stack.append((mark, _head(text[: match.start()], mark)))
        elif stack:
            stack.pop()
    blocks = [head for mark, head in stack if mark == "{"]
    call = stack[-1][1] if stack and stack[-1][0] == "(" else None
    line = re.split(r"[\n{]", text)[-1]
    return blocks, call or None, line


def _head(before: str, mark: str) -> str:
    """What opens a bracket: the first word of a brace's statement, a call's callee."""
    if mark == "{":
        words = re.split(r"[\n{]", before)[-1].split()
        return words[0] if words else ""
    callee = re.search(r"(\w+)\s*$", before)
    return callee[1] if callee and mark == "(" else ""


def _statements(blocks: list[str]) -> Iterator[Item]:
    head = blocks[-1] if blocks else ""
    if head in ("repeat", "if", "else", "}"):
        head = next((block for block in blocks if block in ("model", "block")), "")
    for word in _KEYWORDS.get(head, ()):
        yield Item(word, "keyword")
    section = lookup("callback", head)
    if section is not None:
        yield from _own_arguments(section)
    if head in ("train", "phase"):
        yield from _vocabulary("callback")


def _names(symbols: Iterable[Symbol]) -> Iterator[Item]:
    for symbol in symbols:
        yield Item(symbol.name, symbol.kind, symbol.signature or symbol.kind)


def _arguments(callee: str) -> Iterator[Item]:
    for kind in _CALLABLE:
        cls = lookup(kind, callee)
        if cls is not None:
            yield from _own_arguments(cls, "=")
            return


def _own_arguments(cls: type[Definition], tail: str = " = ") -> Iterator[Item]:
    hints = cls.arg_types()
    for each in cls.args:
        default = "required" if each.required else f"default {spell(each.default)}"
        detail = f"{describe_type(hints[each.name])}; {default}"
        yield Item(f"{each.name}{tail}", "argument", detail, each.doc)


def _kinds(line: str, call: str | None, blocks: list[str]) -> tuple[str, ...]:
    """The kinds of the vocabulary that fit."""
    if call is not None and lookup("optimizer", call):
        return ("schedule",)
    setting = re.match(r"\s*(\w+)(?:\s+[\w.*]+)?\s*=(?!=)", line)
    if setting and blocks and blocks[0] not in ("model", "block"):
        return _VALUES.get(setting[1], ())
    if re.match(r"\s*weight\b", line) or line.rstrip().endswith("initializer="):
        return ("initializer",)
    return _EXPRESSIONS


def _vocabulary(kind: str) -> Iterator[Item]:
    for name, cls in names(kind).items():
        doc = inspect.cleandoc(cls.__doc__ or "")
        yield Item(name, kind, sign(cls), doc)
