"""Models and blocks: parameters, inputs, statements, outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kspec.diagnostics import Label, Span
from kspec.diagnostics.errors import (
    DtypeMismatch,
    DuplicateArgument,
    DuplicateName,
    MissingArgument,
    NoOutput,
    RecursiveBlock,
    TensorUnusable,
    TooManyArguments,
    UnknownArgument,
    WrongOperandCount,
    WrongShape,
)
from kspec.elaborate.apply import Applier
from kspec.elaborate.arguments import Arguments
from kspec.elaborate.arithmetic import Arithmetic
from kspec.elaborate.expressions import Env, Evaluator
from kspec.elaborate.reporter import Failed, Reporter
from kspec.elaborate.scope import BROKEN, Place, Scope, WeightTable
from kspec.elaborate.types import Types, spell, unify
from kspec.elaborate.values import (
    LAYER_LIKE,
    BlockValue,
    Dimension,
    Given,
    Shared,
    Tensor,
    describe,
)
from kspec.ir import Builder, Value
from kspec.syntax import tree
from kspec.syntax.tree import Expr, ModelDecl


@dataclass(frozen=True, slots=True)
class Graph:
    """A model written out: its inputs and outputs by name."""

    inputs: Mapping[str, Value]
    outputs: Mapping[str, Tensor]


class Elaborator:
    """The parts that turn expressions into a program, wired together.

    Attributes:
        file_scope: The names that the whole file sees.
    """

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self.builder = Builder()
        self.weights = WeightTable()
        self.file_scope = Scope()
        self.arguments = Arguments(reporter)
        self.applier = Applier(reporter, self.builder, self.arguments, self.weights, self._inline)
        self.evaluator = Evaluator(reporter, Arithmetic(reporter, self.builder), self.applier)
        self.types = Types(
            reporter, lambda expr, scope: self.evaluator.evaluate(expr, Env(scope, Place()))
        )
        self._stack: list[str] = []

    def model(self, block: BlockValue) -> Graph:
        """Write a model out, its inputs as parameters of the program."""
        decl = block.decl
        scope = self._parameters(block)
        inputs: dict[str, Value] = {}
        for statement in decl.body:
            if not isinstance(statement, tree.Input):
                continue
            try:
                type = self.types.tensor(statement.type, scope)
            except Failed:
                scope.bind(statement.name, BROKEN, statement.name_span)
                continue
            self._unique(statement.name, statement.name_span, scope)
            value = self.builder.fresh(statement.name, type)
            inputs[statement.name] = value
            scope.bind(statement.name, Tensor(value, statement.name_span), statement.name_span)
            for axis in type.shape[1:]:
                if isinstance(axis, str) and scope.find(axis) is None:
                    scope.bind(axis, Dimension(axis), statement.type.span)
        outputs = self._body(decl, scope, Place(), None)
        if not outputs:
            self.reporter.fail(NoOutput(span=decl.name_span, model=decl.name))
        return Graph(inputs, outputs)

    def _inline(
        self,
        block: BlockValue,
        operands: tuple[Tensor, ...],
        place: Place,
        span: Span,
        hint: str | None,
    ) -> Tensor:
        """Write a block's body for these operands; it has one output."""
        decl = block.decl
        if decl.name in self._stack:
            chain = " -> ".join([*self._stack[self._stack.index(decl.name) :], decl.name])
            self.reporter.fail(RecursiveBlock(span=span, name=decl.name, chain=chain))
        scope = self._parameters(block)
        inputs = [s for s in decl.body if isinstance(s, tree.Input)]
        if len(inputs) != len(operands):
            self.reporter.fail(
                WrongOperandCount(
                    span=span, layer=decl.name, wanted=str(len(inputs)), got=len(operands)
                )
            )
        for declared, operand in zip(inputs, operands, strict=True):
            self._operand(decl, declared, operand, scope, span)
        self._stack.append(decl.name)
        try:
            outputs = self._body(decl, scope, place, hint)
        finally:
            self._stack.pop()
        if len(outputs) != 1:
            self.reporter.fail(NoOutput(span=decl.name_span, model=decl.name))
        (output,) = outputs.values()
        return Tensor(output.value, span)

    def _operand(
        self,
        decl: ModelDecl,
        declared: tree.Input,
        operand: Tensor,
        scope: Scope,
        span: Span,
    ) -> None:
        pattern = self.types.pattern(declared.type, scope)
        actual = operand.value.type
        labels = (
            Label(declared.type.span, "declared here"),
            Label(operand.span, f"gives {actual}"),
        )
        if not unify(pattern, actual.shape[1:], scope, declared.type.span):
            wanted = spell(declared.type, pattern)
            self.reporter.fail(
                WrongShape(
                    span=span, layer=decl.name, wanted=wanted, got=str(actual), labels=labels
                )
            )
        if self.types.dtype(declared.type) != actual.dtype:
            self.reporter.fail(
                DtypeMismatch(
                    span=span,
                    op=decl.name,
                    left=spell(declared.type, pattern),
                    right=str(actual),
                    labels=labels,
                )
            )
        scope.bind(declared.name, Tensor(operand.value, declared.name_span), declared.name_span)

    def _parameters(self, block: BlockValue) -> Scope:
        """A scope with the block's parameters bound to arguments or defaults."""
        decl = block.decl
        scope = Scope(self.file_scope)
        given = self._match(decl, block.args, block.span)
        for parameter in decl.params:
            if parameter.name in given:
                scope.bind(parameter.name, given[parameter.name].value, parameter.span)
            elif parameter.default is not None:
                value = self.evaluator.evaluate(parameter.default, Env(scope, Place()))
                scope.bind(parameter.name, value, parameter.span)
            else:
                self.reporter.fail(
                    MissingArgument(
                        span=block.span,
                        callee=decl.name,
                        name=parameter.name,
                        doc="it has no default",
                    )
                )
        return scope

    def _match(self, decl: ModelDecl, args: tuple[Given, ...], span: Span) -> dict[str, Given]:
        known = [parameter.name for parameter in decl.params]
        signature = f"{decl.name}({', '.join(known)})"
        given: dict[str, Given] = {}
        position = 0
        for argument in args:
            name = argument.name
            if name is None:
                if position >= len(known):
                    self.reporter.fail(
                        TooManyArguments(
                            span=argument.span,
                            callee=decl.name,
                            most=len(known),
                            signature=signature,
                        )
                    )
                name = known[position]
                position += 1
            if name in given:
                self.reporter.fail(
                    DuplicateArgument(span=argument.place, callee=decl.name, name=name)
                )
            if name not in known:
                self.reporter.fail(
                    UnknownArgument.of(argument.place, decl.name, name, known, signature)
                )
            given[name] = argument
        return given

    def _body(
        self, decl: ModelDecl, scope: Scope, place: Place, hint: str | None
    ) -> dict[str, Tensor]:
        """Write the statements. In a block the only output takes the caller's name."""
        outputs: dict[str, Tensor] = {}
        failed = False
        for statement in decl.body:
            try:
                match statement:
                    case tree.Input():
                        pass
                    case tree.Share():
                        self._share(statement, scope, place)
                    case tree.Assign():
                        self._assign(statement, scope, place)
                    case tree.Output():
                        self._output(statement, scope, place, hint, outputs)
            except Failed:
                failed = True
                self._mark_broken(statement, scope)
        if failed:
            raise Failed
        return outputs

    def _mark_broken(self, statement: tree.Statement, scope: Scope) -> None:
        if statement.name is not None and statement.name_span is not None:
            scope.bind(statement.name, BROKEN, statement.name_span)

    def _share(self, statement: tree.Share, scope: Scope, place: Place) -> None:
        self._unique(statement.name, statement.name_span, scope)
        template = self.evaluator.evaluate(statement.value, Env(scope, place))
        if not isinstance(template, LAYER_LIKE):
            self.reporter.fail(TensorUnusable(span=statement.value.span, what=describe(template)))
        path = place.join(place.fresh(statement.name))
        shared = Shared(statement.name, path, template, statement.value.span)
        scope.bind(statement.name, shared, statement.name_span)

    def _assign(self, statement: tree.Assign, scope: Scope, place: Place) -> None:
        env = Env(scope, place, statement.name)
        value = self.evaluator.evaluate(statement.value, env)
        if statement.type is not None:
            tensor = self.evaluator.as_tensor(value, statement.value, env)
            self._note(statement.name, statement.type, tensor, scope)
        scope.bind(statement.name, value, statement.name_span)

    def _output(
        self,
        statement: tree.Output,
        scope: Scope,
        place: Place,
        hint: str | None,
        outputs: dict[str, Tensor],
    ) -> None:
        name = statement.name or "output"
        if name in outputs:
            first = scope.names[name].span if name in scope.names else outputs[name].span
            again = statement.name_span or statement.span
            self.reporter.fail(DuplicateName.of(again, "output", name, first))
        tensor = self.evaluator.tensor(statement.value, Env(scope, place, hint or statement.name))
        if statement.type is not None:
            self._note(name, statement.type, tensor, scope)
        outputs[name] = tensor
        if statement.name is not None and statement.name_span is not None:
            scope.bind(statement.name, tensor, statement.name_span)

    def _note(self, name: str, type: tree.TypeExpr, tensor: Tensor, scope: Scope) -> None:
        self.types.note(name, type, tensor.value.type, scope)

    def _unique(self, name: str, span: Span, scope: Scope) -> None:
        earlier = scope.names.get(name)
        if earlier is not None:
            self.reporter.fail(DuplicateName.of(span, "name", name, earlier.span))

    def constant(self, expr: Expr) -> object:
        """The meaning of an expression at file level."""
        return self.evaluator.evaluate(expr, Env(self.file_scope, Place()))
