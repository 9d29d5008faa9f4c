"""The names of a spec: where each is bound, and where it is used.

This looks at the tree alone, so it also knows the names of blocks that nothing uses and of
specs with mistakes. Names that are bound anew in one body, as `x = x -> dense(8)` does, are
one symbol. An input and the data field that it takes are one symbol, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar

from kspec.diagnostics import Span
from kspec.diagnostics.record import Node
from kspec.syntax import tree
from kspec.syntax.tree import Spec, Statement


@dataclass
class Symbol:
    """A name.

    Attributes:
        name: The name.
        kind: What it is: `param`, `extern`, `block`, `model`, `data`, `parameter`, `input`,
            `output`, `shared layer`, `weight`, `name`, `dimension`, `field`, `round`, `phase`.
        bound: Where it is bound, in the order of the text.
        used: Where it is used.
        signature: What a block or model takes.
    """

    name: str
    kind: str
    bound: list[Span] = field(default_factory=list[Span])
    used: list[Span] = field(default_factory=list[Span])
    signature: str = ""

    @property
    def places(self) -> list[Span]:
        """All places, in the order of the text."""
        return sorted({*self.bound, *self.used}, key=lambda span: span.start)


N = TypeVar("N")
_KINDS: Final[dict[type, str]] = {
    tree.Output: "output",
    tree.Share: "shared layer",
    tree.Weight: "weight",
    tree.Assign: "name",
}


class _Scope:
    def __init__(self, parent: _Scope | None = None) -> None:
        self.parent = parent
        self.symbols: dict[str, Symbol] = {}

    def bind(self, name: str, kind: str, span: Span) -> Symbol:
        symbol = self.symbols.setdefault(name, Symbol(name, kind))
        symbol.bound.append(span)
        return symbol

    def find(self, name: str) -> Symbol | None:
        if name in self.symbols:
            return self.symbols[name]
        return self.parent.find(name) if self.parent else None


class Symbols:
    """The symbols of a spec.

    Attributes:
        all: Every symbol, by scope and then by the order of the text.
    """

    def __init__(self, spec: Spec) -> None:
        self.file = _Scope()
        self._bodies: dict[str, _Scope] = {}
        self._fields: dict[str, _Scope] = {}
        self._spans: dict[str, Span] = {}
        self._scopes = [self.file]
        for declaration in spec.declarations:
            self._declare(declaration)
        for declaration in spec.declarations:
            self._resolve(declaration)

    @property
    def all(self) -> list[Symbol]:
        """Every symbol once."""
        found = [symbol for scope in self._scopes for symbol in scope.symbols.values()]
        return list({id(symbol): symbol for symbol in found}.values())

    def at(self, offset: int) -> Symbol | None:
        """The symbol that is bound or used at a place."""
        for symbol in self.all:
            if any(span.start <= offset <= span.end for span in symbol.places):
                return symbol
        return None

    def visible(self, offset: int) -> list[Symbol]:
        """The symbols that an expression at a place can name."""
        found = {symbol.name: symbol for symbol in self.file.symbols.values()}
        for name, scope in self._bodies.items():
            span = self._spans[name]
            if span.start <= offset <= span.end:
                found |= scope.symbols
        return list(found.values())

    def _declare(self, declaration: tree.Declaration) -> None:
        match declaration:
            case tree.ParamDecl():
                self.file.bind(declaration.name, "param", declaration.name_span)
            case tree.ExternDecl():
                symbol = self.file.bind(declaration.name, "extern", declaration.name_span)
                start, end = declaration.operands[0].span.start, declaration.span.end
                types = Span(declaration.span.source, start, end).text
                symbol.signature = f"{declaration.target} : {' '.join(types.split())}"
            case tree.DataDecl():
                self.file.bind(declaration.name, "data", declaration.name_span)
                scope = self._fields[declaration.name] = self._scope(self.file)
                for each in declaration.fields:
                    scope.bind(each.name, "field", each.name_span)
            case tree.ModelDecl():
                kind = "block" if declaration.is_block else "model"
                symbol = self.file.bind(declaration.name, kind, declaration.name_span)
                params = (each.span.text for each in declaration.params)
                symbol.signature = f"{declaration.name}({', '.join(params)})"
                self._spans[declaration.name] = declaration.span
                scope = self._bodies[declaration.name] = self._scope(self.file)
                for each in declaration.params:
                    start = each.span.start
                    span = Span(each.span.source, start, start + len(each.name))
                    scope.bind(each.name, "parameter", span)
                self._bind_all(declaration.body, scope)
            case _:
                pass

    def _scope(self, parent: _Scope | None = None) -> _Scope:
        self._scopes.append(_Scope(parent))
        return self._scopes[-1]

    def _bind_all(self, body: Iterable[Statement], scope: _Scope) -> None:
        for statement in body:
            match statement:
                case tree.Repeat():
                    if statement.index is not None and statement.index_span is not None:
                        scope.bind(statement.index, "round", statement.index_span)
                    self._bind_all(statement.body, scope)
                case tree.When():
                    self._bind_all((*statement.then, *statement.otherwise), scope)
                case tree.Input():
                    self._bind_input(statement, scope)
                case tree.Unpack():
                    for name, span in zip(statement.names, statement.spans, strict=True):
                        scope.bind(name, "name", span)
                case _:
                    if statement.name is not None and statement.name_span is not None:
                        kind = _KINDS[type(statement)]
                        scope.bind(statement.name, kind, statement.name_span)

    def _bind_input(self, statement: tree.Input, scope: _Scope) -> None:
        scope.bind(statement.name, "input", statement.name_span)
        for dim in statement.type.dims or ():
            if isinstance(dim, tree.Name) and scope.find(dim.id) is None:
                scope.bind(dim.id, "dimension", dim.span)

    def _resolve(self, declaration: tree.Declaration) -> None:
        match declaration:
            case tree.ModelDecl():
                scope = self._bodies[declaration.name]
                self._use_all(declaration, scope)
            case tree.TrainDecl():
                self._train(declaration)
            case tree.DataDecl():
                self._use_all((*declaration.settings, *declaration.fields), self.file)
                self._use_all(declaration.augments, self._fields[declaration.name])
            case _:
                self._use_all(declaration, self.file)

    def _train(self, train: tree.TrainDecl) -> None:
        """The loss and the metrics see the fields of the data and the outputs of the model."""
        named = {s.key: s.value.id for s in train.settings if isinstance(s.value, tree.Name)}
        scope = self._scope(self.file)
        model = self._bodies.get(named.get("model", ""))
        data = self._fields.get(named.get("data", ""))
        for name, symbol in (data.symbols if data else {}).items():
            scope.symbols[name] = symbol
        for name, symbol in (model.symbols if model else {}).items():
            if symbol.kind == "input" and name in scope.symbols:
                self._join(scope.symbols[name], symbol, model)
            elif symbol.kind == "output":
                scope.symbols[name] = symbol
        self._use_all(train, scope)
        for selector in _of_type(train, tree.Selector):
            shared = model.symbols.get(selector.parts[0]) if model else None
            if shared is not None and shared.kind in ("shared layer", "weight"):
                start = selector.span.start
                end = start + len(selector.parts[0])
                shared.used.append(Span(selector.span.source, start, end))

    def _join(self, one: Symbol, other: Symbol, scope: _Scope | None) -> None:
        """Make one symbol of a field and the input that takes it."""
        if one is other or scope is None:
            return
        one.bound += other.bound
        one.used += other.used
        scope.symbols[other.name] = one

    def _use_all(self, node: object, scope: _Scope) -> None:
        for name in _of_type(node, tree.Name):
            symbol = scope.find(name.id)
            if symbol is not None and name.span not in symbol.bound:
                symbol.used.append(name.span)
        for call in _of_type(node, tree.Call):
            body = self._bodies.get(call.func.id)
            for argument in call.args:
                named = body.symbols.get(argument.name or "") if body else None
                if named is not None and named.kind == "parameter" and argument.name_span:
                    named.used.append(argument.name_span)


def _of_type(node: object, kind: type[N]) -> Iterator[N]:
    """All nodes of a kind in a tree, in the order of the text."""
    if isinstance(node, kind):
        yield node
    if isinstance(node, tuple):
        for item in node:  # pyright: ignore[reportUnknownVariableType]
            yield from _of_type(item, kind)  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(node, Node):
        for each in node.__match_args__:
            yield from _of_type(getattr(node, each), kind)
