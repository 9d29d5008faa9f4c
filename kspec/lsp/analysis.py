"""A spec as an editor holds it: its mistakes, its names, and the types at its places."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kspec.compiler import Imports, compile_source
from kspec.diagnostics import Diagnostic, Source, Span, SpecError
from kspec.elaborate import Program
from kspec.syntax import parse
from kspec.syntax.symbols import Symbol, Symbols

MOST_TYPES = 4  # of one place, which a block may write several times


@dataclass(frozen=True)
class Analysis:
    """What can be said of a text.

    Attributes:
        source: The text.
        folder: Where its imports start; None for a text without a file.
    """

    source: Source
    folder: Path | None

    @cached_property
    def _checked(self) -> tuple[Program | None, tuple[Diagnostic, ...]]:
        try:
            compiled = compile_source(self.source, imports=Imports(self.folder))
        except SpecError as error:
            return None, error.diagnostics
        return compiled.program, compiled.warnings

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Its mistakes and warnings."""
        return self._checked[1]

    @property
    def program(self) -> Program | None:
        """What it means; None where it has mistakes."""
        return self._checked[0]

    @cached_property
    def symbols(self) -> Symbols | None:
        """Its names; None where it does not parse."""
        try:
            return Symbols(parse(self.source))
        except SpecError:
            return None

    def symbol(self, offset: int) -> Symbol | None:
        """The name at a place."""
        return self.symbols.at(offset) if self.symbols else None

    def types(self, offset: int) -> tuple[str, list[str]]:
        """The smallest expression around a place, and the types of its values."""
        if self.program is None:
            return "", []
        found: dict[Span, list[str]] = {}
        for op in self.program.module.func("graph").ops:
            span = op.span
            if span and span.source == self.source and span.start <= offset <= span.end:
                types = found.setdefault(span, [])
                text = str(op.results[-1].type)
                if op.name != "constant" and (not types or types[-1] != text):
                    types.append(text)
        spans = [span for span, types in found.items() if types]
        if not spans:
            return "", []
        smallest = min(spans, key=lambda span: span.end - span.start)
        return smallest.text, list(dict.fromkeys(found[smallest]))[-MOST_TYPES:]

    def type_of(self, symbol: Symbol) -> list[str]:
        """The types that a name has, where it is bound last."""
        if self.program is None:
            return []
        if symbol.kind in ("input", "field") and symbol.name in self.program.inputs:
            return [str(self.program.inputs[symbol.name])]
        if symbol.kind == "output" and symbol.name in self.program.outputs:
            return [str(self.program.outputs[symbol.name])]
        graph = self.program.module.func("graph")
        named = [v for op in graph.ops for v in op.results if v.hint == symbol.name]
        weights = [w.value for w in self.program.module.weights if w.path == symbol.name]
        return list(dict.fromkeys(str(value.type) for value in (*named, *weights)))[-MOST_TYPES:]
