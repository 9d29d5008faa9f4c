"""From Lark's reductions to the syntax tree: one method a rule, named as in the grammar.

Declarations and statements are here, types and expressions in `build_expressions`.
"""

# ruff: noqa: D102

from __future__ import annotations

from typing import Any, Final

from lark import Token
from lark.tree import Meta

from kspec.diagnostics import Span
from kspec.diagnostics.errors import MisplacedStatement, ReservedName, TooDeep
from kspec.syntax import tree
from kspec.syntax.build_expressions import BuildExpressions, some, v_args

MOST_PARTS: Final = 64  # of a selector


@v_args(meta=True)
class Build(BuildExpressions):
    """Makes nodes of every rule."""

    # --- declarations

    def spec(self, meta: Meta, items: list[Any]) -> tree.Spec:
        return tree.Spec(self.source, tuple(some(items)))

    def import_decl(self, meta: Meta, items: list[Any]) -> tree.ImportDecl:
        path = self.string_of(items[0])
        return tree.ImportDecl(path.value, path.span, self.span_of(meta))

    def extern_decl(self, meta: Meta, items: list[Any]) -> tree.ExternDecl:
        target, operands, results = items
        target = self.string_of(target)
        span = self.span_of(meta)
        return tree.ExternDecl(target.value, target.span, operands, results, span)

    def param_decl(self, meta: Meta, items: list[Any]) -> tree.ParamDecl:
        name, type, default = items
        return tree.ParamDecl(
            self.own_name(name),
            self.span_of(name),
            str(type),
            self.span_of(type),
            default,
            self.span_of(meta),
        )

    def data_decl(self, meta: Meta, items: list[Any]) -> tree.DataDecl:
        name, *rest = items
        rest = some(rest)
        return tree.DataDecl(
            str(name),
            self.span_of(name),
            tuple(item for item in rest if isinstance(item, tree.Setting)),
            tuple(item for item in rest if isinstance(item, tree.Field)),
            tuple(item for item in rest if isinstance(item, tree.Augment)),
            self.span_of(meta),
        )

    def _model(self, meta: Meta, items: list[Any], is_block: bool) -> tree.ModelDecl:
        name, params, body = items
        return tree.ModelDecl(
            str(name), self.span_of(name), params or (), body, is_block, self.span_of(meta)
        )

    def model_decl(self, meta: Meta, items: list[Any]) -> tree.ModelDecl:
        return self._model(meta, items, False)

    def block_decl(self, meta: Meta, items: list[Any]) -> tree.ModelDecl:
        return self._model(meta, items, True)

    def train_decl(self, meta: Meta, items: list[Any]) -> tree.TrainDecl:
        name, *rest = items
        span = self.span_of(meta)
        keyword = Span(self.source, span.start, span.start + len("train"))
        place = keyword if name is None else self.span_of(name)
        return tree.TrainDecl(str(name or "train"), place, tuple(some(rest)), span)

    def grouped(self, meta: Meta, items: list[Any]) -> tree.Group:
        key, selector, value = items
        return tree.Group(str(key), self.span_of(key), selector, value, self.span_of(meta))

    def section(self, meta: Meta, items: list[Any]) -> tree.Section:
        name, *settings = items
        span = self.span_of(name)
        return tree.Section(str(name), span, tuple(some(settings)), self.span_of(meta))

    def phase(self, meta: Meta, items: list[Any]) -> tree.Phase:
        name, *inner = items
        span = self.span_of(name)
        if name.split("_")[0] in ("step", "steps"):  # `train_step_a` is the step of phase a
            self.mistakes.append(ReservedName(span=span, name=str(name)))
        return tree.Phase(self.own_name(name), span, tuple(some(inner)), self.span_of(meta))

    def load(self, meta: Meta, items: list[Any]) -> tree.Load:
        selector, path = items
        path = self.string_of(path)
        return tree.Load(selector, path.value, path.span, self.span_of(meta))

    def freeze(self, meta: Meta, items: list[Any]) -> tree.Freeze:
        return tree.Freeze(items[0], True, self.span_of(meta))

    def unfreeze(self, meta: Meta, items: list[Any]) -> tree.Freeze:
        return tree.Freeze(items[0], False, self.span_of(meta))

    def selector(self, meta: Meta, items: list[Any]) -> tree.Selector:
        span = self.span_of(meta)
        if len(items) > MOST_PARTS:
            self.mistakes.append(TooDeep(span=span, what="parts of a path", limit=MOST_PARTS))
        return tree.Selector(tuple(map(str, items)), span)

    def parameters(self, meta: Meta, items: list[Any]) -> tuple[tree.Parameter, ...]:
        return tuple(some(items))

    def parameter(self, meta: Meta, items: list[Any]) -> tree.Parameter:
        name, default = items
        return tree.Parameter(str(name), default, self.span_of(meta))

    def setting(self, meta: Meta, items: list[Any]) -> tree.Setting:
        key, value = items
        return tree.Setting(str(key), self.span_of(key), value, self.span_of(meta))

    def field(self, meta: Meta, items: list[Any]) -> tree.Field:
        name, type = items
        return tree.Field(self.own_name(name), self.span_of(name), type, self.span_of(meta))

    def augment(self, meta: Meta, items: list[Any]) -> tree.Augment:
        names = [item for item in items if isinstance(item, Token)]
        spans = tuple(self.span_of(name) for name in names)
        fields = tuple(tree.Name(self.own_name(n), s) for n, s in zip(names, spans, strict=True))
        span = self.span_of(meta)
        value: tree.Expr = fields[0]
        if len(fields) > 1:
            value = tree.Tuple(fields, Span(self.source, spans[0].start, spans[-1].end))
        for target in items[len(names) :]:
            value = tree.Pipe(value, target, Span(self.source, spans[0].start, target.span.end))
        return tree.Augment(tuple(map(str, names)), spans, value, span)

    # --- statements

    def body(self, meta: Meta, items: list[Any]) -> tuple[tree.Statement, ...]:
        statements: list[tree.Statement] = []
        for item in some(items):
            statements += item if isinstance(item, list) else [item]
        return tuple(statements)

    def input(self, meta: Meta, items: list[Any]) -> list[tree.Input]:
        *names, type = items
        span = self.span_of(meta)
        return [tree.Input(self.own_name(name), self.span_of(name), type, span) for name in names]

    def output(self, meta: Meta, items: list[Any]) -> tree.Output:
        name, type, value = items
        return tree.Output(self.own_name(name), self.span_of(name), type, value, self.span_of(meta))

    def result(self, meta: Meta, items: list[Any]) -> tree.Output:
        return tree.Output(None, None, None, items[0], self.span_of(meta))

    def share(self, meta: Meta, items: list[Any]) -> tree.Share:
        name, value = items
        return tree.Share(self.own_name(name), self.span_of(name), value, self.span_of(meta))

    def assign(self, meta: Meta, items: list[Any]) -> tree.Assign:
        name, type, value = items
        return tree.Assign(self.own_name(name), self.span_of(name), type, value, self.span_of(meta))

    def unpack(self, meta: Meta, items: list[Any]) -> tree.Unpack:
        *names, value = items
        spans = tuple(self.span_of(name) for name in names)
        return tree.Unpack(tuple(map(self.own_name, names)), spans, value, self.span_of(meta))

    def weight(self, meta: Meta, items: list[Any]) -> tree.Weight:
        name, type, init = items
        return tree.Weight(self.own_name(name), self.span_of(name), type, init, self.span_of(meta))

    def repeat(self, meta: Meta, items: list[Any]) -> tree.Repeat:
        count, body = items
        return self._repeat(meta, None, None, count, body)

    def loop(self, meta: Meta, items: list[Any]) -> tree.Repeat:
        name, _, start, stop, body = items
        return self._repeat(meta, name, start, stop, body)

    def _repeat(
        self, meta: Meta, name: Token | None, start: Any, stop: Any, body: tuple[Any, ...]
    ) -> tree.Repeat:
        span = self.span_of(meta)
        self._misplaced(body, "repeat", (tree.Input, tree.Output))
        return tree.Repeat(
            index=None if name is None else self.own_name(name),
            index_span=None if name is None else self.span_of(name),
            start=start,
            stop=stop,
            body=body,
            head=Span(self.source, span.start, stop.span.end),
            span=span,
        )

    def when(self, meta: Meta, items: list[Any]) -> tree.When:
        condition, then, _, otherwise = items
        if otherwise is None:
            otherwise = ()
        elif isinstance(otherwise, tree.When):
            otherwise = (otherwise,)
        self._misplaced((*then, *otherwise), "if", (tree.Input,))
        return tree.When(condition, then, otherwise, self.span_of(meta))

    def _misplaced(self, body: tuple[Any, ...], where: str, kinds: tuple[type, ...]) -> None:
        for statement in body:
            if isinstance(statement, kinds):
                what = type(statement).__name__.lower()
                self.mistakes.append(
                    MisplacedStatement(span=statement.span, what=what, where=where)
                )
            if where == "repeat" and isinstance(statement, tree.When):
                self._misplaced((*statement.then, *statement.otherwise), where, kinds)
