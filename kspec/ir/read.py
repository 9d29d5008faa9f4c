"""Read the text of a module back. The format is on top of `kspec/ir/text.py`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, Final, TypeVar, cast

from kspec.ir.core import Attr, Call, Func, Module, Op, Phase, TrainSettings, Value, Weight
from kspec.ir.types import JAX_DTYPES, KEY, STR, TABLE, Dim, TensorType

_TOKEN: Final = re.compile(
    r"\s+|(?P<string>'(?:[^'\\]|\\.)*')|(?P<number>-?(?:inf|nan|\d[\d.]*(?:e[+-]?\d+)?)(?![\w.]))"
    r"|(?P<ragged>\.\.\d+)|(?P<word>[A-Za-z_][\w.]*|\d+B\b)|(?P<ref>[%@][\w.]+)|(?P<mark>[()\[\]{},:=])"
)
T = TypeVar("T")
_WORDS: Final = {"true": True, "false": False, "none": None}


class BadText(ValueError):
    """A text that is no module. The message starts with the line number."""


def read(text: str) -> Module:
    """The module that a text shows.

    Raises:
        BadText: The text is none.
    """
    return _Reader(text).module()


def read_call(text: str) -> Call:
    """The call that a text shows.

    Raises:
        BadText: The text is none.
    """
    reader = _Reader(text)
    call = reader.call()
    if reader.peek()[0] != "end":
        raise reader.fail("the end")
    return call


class _Reader:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str, int]] = []
        self.at = 0
        for number, line in enumerate(text.splitlines(), 1):
            self._scan(line, number)
        self.end = len(text.splitlines()) + 1

    def _scan(self, line: str, number: int) -> None:
        at = 0
        line = line.split("  # ", 1)[0]
        while at < len(line):
            match = _TOKEN.match(line, at)
            if match is None:
                raise BadText(f"line {number}: {line[at : at + 10]!r} means nothing here")
            if match.lastgroup:
                self.tokens.append((match.lastgroup, match.group(), number))
            at = match.end()

    def fail(self, wanted: str) -> BadText:
        _, found, line = self.peek()
        return BadText(f"line {line}: expected {wanted}, found {found or 'the end'}")

    def peek(self, ahead: int = 0) -> tuple[str, str, int]:
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else ("end", "", self.end)

    def take(self, kind: str, wanted: str | None = None) -> str:
        found, text, _ = self.peek()
        if found != kind or (wanted is not None and text != wanted):
            raise self.fail(wanted or kind)
        self.at += 1
        return text

    def skip(self, text: str) -> bool:
        if self.peek()[1] != text:
            return False
        self.at += 1
        return True

    def many(self, closing: str, item: Callable[[], T]) -> list[T]:
        """Items with commas between, up to a closing mark."""
        items: list[T] = []
        while not self.skip(closing):
            items.append(item())
            if not self.skip(","):
                self.take("mark", closing)
                break
        return items

    def module(self) -> Module:
        self.take("word", "module")
        name = self.take("word")
        train = self.train() if self.skip("train") else None
        weights: dict[str, Weight] = {}
        while self.skip("weight"):
            weight = self.weight()
            weights[weight.path] = weight
        funcs: list[Func] = []
        values = {path: weight.value for path, weight in weights.items()}
        while self.skip("func"):
            funcs.append(self.func(values))
        if self.peek()[0] != "end":
            raise self.fail("`weight` or `func`")
        return Module(name, tuple(weights.values()), tuple(funcs), train)

    def train(self) -> TrainSettings:
        raw = self.pairs()
        if list(raw)[:3] != ["batch", "seed", "shuffle"]:
            raise self.fail("batch, seed and shuffle before `phase`")
        phases: list[Phase] = []
        while self.skip("phase"):
            phases.append(self.phase())
        return TrainSettings(phases=tuple(phases), **cast("dict[str, Any]", raw))

    def phase(self) -> Phase:
        name = "" if self.peek(1)[1] == "=" else self.take("word")
        raw = cast("dict[str, Any]", self.pairs())
        if not {"epochs", "optimizer"} <= set(raw) <= {f.name for f in fields(Phase)}:
            raise self.fail("epochs and optimizer of the phase")
        return Phase(name, **raw)

    def pairs(self) -> dict[str, Attr]:
        found: dict[str, Attr] = {}
        while self.peek()[0] == "word" and self.peek(1)[1] == "=":
            key, value = self.pair()
            found[key] = value
        return found

    def weight(self) -> Weight:
        path = self.take("ref")
        if not path.startswith("@"):
            raise self.fail("a weight such as `@dense.kernel`")
        self.take("mark", ":")
        type = self.type()
        self.take("mark", "=")
        init = self.call()
        return Weight(Value(path[1:], type), init, not self.skip("fixed"))

    def func(self, weights: dict[str, Value]) -> Func:
        name = self.take("word")
        return self.inside(name, weights, {})

    def inside(self, name: str, weights: dict[str, Value], values: dict[str, Value]) -> Func:
        """Parameters and body of a function; a body sees the values around it."""

        def param() -> Value:
            ref = self.take("ref")
            self.take("mark", ":")
            return values.setdefault(ref[1:], Value(ref[1:], self.type()))

        def ref() -> Value:
            text = self.take("ref")
            found = (weights if text.startswith("@") else values).get(text[1:])
            if found is None:
                self.at -= 1
                raise self.fail("a value that is defined above")
            return found

        def returned() -> tuple[str, Value]:
            key = self.take("word")
            self.take("mark", "=")
            return key, ref()

        self.take("mark", "(")
        params = self.many(")", param)
        self.take("mark", "{")
        ops: list[Op] = []
        while not self.skip("return"):
            op = self.op(ref)
            if self.skip("do"):
                op = replace(op, body=self.inside("step", weights, values))
            values.update({value.name: value for value in op.results})
            ops.append(op)
        return Func(name, tuple(params), tuple(ops), tuple(self.many("}", returned)))

    def op(self, ref: Callable[[], Value]) -> Op:
        names = [self.take("ref")[1:]]
        while self.skip(","):
            names.append(self.take("ref")[1:])
        self.take("mark", "=")
        name = self.take("word")
        self.take("mark", "(")
        args = self.many(")", ref)
        attrs: dict[str, Attr] = {}
        while not self.skip(":"):
            key, value = self.pair()
            attrs[key] = value
        types = [self.type()]
        while self.skip(","):
            types.append(self.type())
        if len(types) != len(names):
            raise self.fail(f"{len(names)} types")
        results = tuple(Value(n, t) for n, t in zip(names, types, strict=True))
        return Op(name, tuple(args), results, attrs)

    def call(self) -> Call:
        name = self.take("word")
        self.take("mark", "(")
        return Call(name, dict(self.many(")", self.pair)))

    def pair(self) -> tuple[str, Attr]:
        name = self.take("word")
        self.take("mark", "=")
        return name, self.attr()

    def attr(self) -> Attr:
        kind, text, _ = self.peek()
        if kind == "number":
            self.at += 1
            return int(text) if re.fullmatch(r"-?\d+", text) else float(text)
        if kind == "string":
            self.at += 1
            return text[1:-1].replace("\\'", "'").encode("ascii").decode("unicode_escape")
        if text in _WORDS:
            self.at += 1
            return _WORDS[text]
        if text in ("inf", "nan"):
            self.at += 1
            return float(text)
        if kind == "word":
            return self.call()
        self.take("mark", "(")
        return tuple(self.many(")", self.attr))

    def type(self) -> TensorType:
        dtype = self.take("word")
        if dtype not in (*JAX_DTYPES, KEY, STR, TABLE):
            self.at -= 1
            raise self.fail("an element type")
        self.take("mark", "[")
        return TensorType(dtype, tuple(self.many("]", self.dim)))

    def dim(self) -> Dim:
        kind, text, _ = self.peek()
        if kind == "number" and text.isdigit():
            self.at += 1
            return int(text)
        return self.take("ragged" if kind == "ragged" else "word")
