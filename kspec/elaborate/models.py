"""Models and blocks: parameters, inputs, statements, outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from kspec.diagnostics import Label, Span
from kspec.diagnostics.errors import (
    DtypeMismatch,
    NoBatchAxis,
    NoOutput,
    NotAValue,
    RecursiveBlock,
    WrongOperandCount,
    WrongShape,
)
from kspec.diagnostics.record import Node
from kspec.elaborate.apply import Applier, Result
from kspec.elaborate.arguments import Arguments
from kspec.elaborate.arithmetic import Arithmetic
from kspec.elaborate.body import Body, Here
from kspec.elaborate.expressions import Env, Evaluator
from kspec.elaborate.parameters import bind_parameters
from kspec.elaborate.ragged import Padding
from kspec.elaborate.reporter import Failed, Reporter
from kspec.elaborate.scope import BROKEN, Place, Scope, WeightTable
from kspec.elaborate.types import Types, spell, unify
from kspec.elaborate.values import BlockValue, Dimension, Tensor
from kspec.ir import BATCH, Builder, Part, TensorType, Value, bound_of
from kspec.syntax import tree
from kspec.syntax.tree import Expr, ModelDecl


class Graph(Node):
    """A model written out.

    Attributes:
        inputs: Its inputs by name, with the masks of those that are ragged.
        types: Their types as declared.
        outputs: Its outputs by name.
    """

    inputs: Mapping[str, Tensor]
    types: Mapping[str, TensorType]
    outputs: Mapping[str, Tensor]


# What becomes of inputs, by name.
Augmenting: TypeAlias = Callable[[Mapping[str, Tensor]], Mapping[str, Value]]


class Elaborator:
    """The parts that turn expressions into a program, wired together.

    Attributes:
        file_scope: The names that the whole file sees.
        padding: Makes parameters of inputs and fields.
    """

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self.builder = Builder(("mask", "key"))
        self.padding = Padding(reporter, self.builder)
        self.weights = WeightTable()
        self.file_scope = Scope()
        self.arguments = Arguments(reporter)
        arithmetic = Arithmetic(reporter, self.builder)
        self.applier = Applier(reporter, arithmetic, self.arguments, self.weights, self._inline)
        self.evaluator = Evaluator(reporter, arithmetic, self.applier)
        self.types = Types(
            reporter, lambda expr, scope: self.evaluator.evaluate(expr, Env(scope, Place()))
        )
        self.body = Body(reporter, self.evaluator, self.types, self.arguments, self.weights)
        self._stack: list[ModelDecl] = []

    def model(self, block: BlockValue, augment: Augmenting | None = None) -> Graph:
        """Write a model out, its inputs as parameters of the program.

        Args:
            block: The model.
            augment: What happens to inputs first.
        """
        decl = block.decl
        scope = self._parameters(block)
        types: dict[str, TensorType] = {}
        inputs = self._inputs(decl, scope, types)
        if augment is not None:
            for name, changed in augment(inputs).items():
                scope.names[name].meaning = replace(inputs[name], value=changed)
        here = Here(scope, Place())
        self.body.write(decl.body, here)
        if not here.outputs:
            self.reporter.fail(NoOutput(span=decl.name_span, model=decl.name))
        for name, output in here.outputs.items():
            if output.value.type.is_hosted:
                what = f"{output.value.type}, which is text"
                self.reporter.fail(NotAValue(span=output.span, what=what, wanted="numbers"))
            if BATCH not in output.value.type.shape[:1]:
                actual = str(output.value.type)
                self.reporter.fail(NoBatchAxis(span=output.span, name=name, actual=actual))
        return Graph(inputs, types, here.outputs)

    def _inputs(
        self, decl: ModelDecl, scope: Scope, types: dict[str, TensorType]
    ) -> dict[str, Tensor]:
        """A model's inputs as parameters of the program, bound in its scope."""
        inputs: dict[str, Tensor] = {}
        for statement in decl.body:
            if not isinstance(statement, tree.Input):
                continue
            try:
                type = self.types.tensor(statement.type, scope)
            except Failed:
                scope.bind(statement.name, BROKEN, statement.name_span)
                continue
            self.body.unique(statement.name, statement.name_span, scope)
            name, span = statement.name, statement.name_span
            types[name] = type
            inputs[name] = self.padding.parameter(name, type, span, statement.span)
            scope.bind(name, inputs[name], span, "input")
            for axis in type.shape[1:]:
                if isinstance(axis, str) and bound_of(axis) is None and scope.find(axis) is None:
                    scope.bind(axis, Dimension(axis), statement.type.span)
        self.padding.check_names({name: tensor.span for name, tensor in inputs.items()})
        return inputs

    def _inline(
        self,
        block: BlockValue,
        operands: tuple[Tensor, ...],
        place: Place,
        span: Span,
        hint: str | None,
    ) -> Result:
        """Write a block's body for these operands; its outputs, in their order."""
        decl = block.decl
        if decl in self._stack:
            calls = [*self._stack[self._stack.index(decl) :], decl]
            chain = " -> ".join(call.name for call in calls)
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
        single = sum(isinstance(s, tree.Output) for s in decl.body) < 2
        here = Here(scope, place, hint if single else None)
        self._stack.append(decl)
        try:
            frame = self.reporter.frame(span, f"in this call of `{decl.name}`")
            with frame, self.builder.within(Part("block", span)):
                self.body.write(decl.body, here)
        finally:
            self._stack.pop()
        if not here.outputs:
            self.reporter.fail(NoOutput(span=decl.name_span, model=decl.name))
        outputs = tuple(replace(output, span=span) for output in here.outputs.values())
        return outputs[0] if len(outputs) == 1 else outputs

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
        fits = unify(pattern, actual.shape[1:], scope, declared.type.span)
        if not fits or self.types.dtype(declared.type) != actual.dtype:
            wanted, got = spell(declared.type, pattern), str(actual)
            labels = (
                Label(declared.type.span, "declared here"),
                *self.applier.lowering.origins((operand,), span),
            )
            if not fits:
                self.reporter.fail(
                    WrongShape(span=span, layer=decl.name, wanted=wanted, got=got, labels=labels)
                )
            self.reporter.fail(
                DtypeMismatch(span=span, op=decl.name, left=wanted, right=got, labels=labels)
            )
        tensor = replace(operand, span=declared.name_span)
        scope.bind(declared.name, tensor, declared.name_span, "input")

    def _parameters(self, block: BlockValue) -> Scope:
        return bind_parameters(block, block.home, self.evaluator, self.reporter)

    def constant(self, expr: Expr) -> object:
        """The meaning of an expression at file level."""
        return self.evaluator.evaluate(expr, Env(self.file_scope, Place()))
