"""The compile-time arguments of blocks and models, bound to their parameters."""

from __future__ import annotations

from kspec.diagnostics import Span
from kspec.diagnostics.errors import (
    DuplicateArgument,
    MissingArgument,
    TooManyArguments,
    UnknownArgument,
)
from kspec.elaborate.expressions import Env, Evaluator
from kspec.elaborate.reporter import Reporter
from kspec.elaborate.scope import Place, Scope
from kspec.elaborate.values import BlockValue, Given
from kspec.syntax.tree import ModelDecl


def bind_parameters(
    block: BlockValue, home: Scope, evaluator: Evaluator, reporter: Reporter
) -> Scope:
    """A scope with the block's parameters bound to arguments or defaults.

    Args:
        block: The block and the arguments that it got.
        home: The names that the block's file sees.
        evaluator: Evaluates defaults, which may name the parameters before them.
        reporter: Where mistakes go.
    """
    decl = block.decl
    scope = Scope(home)
    given = _match(decl, block.args, block.span, reporter)
    for parameter in decl.params:
        if parameter.name in given:
            value = given[parameter.name].value
            scope.bind(parameter.name, value, parameter.span, "parameter")
        elif parameter.default is not None:
            value = evaluator.evaluate(parameter.default, Env(scope, Place()))
            scope.bind(parameter.name, value, parameter.span, "parameter")
        else:
            reporter.fail(
                MissingArgument(
                    span=block.span,
                    callee=decl.name,
                    name=parameter.name,
                    doc="it has no default",
                )
            )
    return scope


def _match(
    decl: ModelDecl, args: tuple[Given, ...], span: Span, reporter: Reporter
) -> dict[str, Given]:
    known = [parameter.name for parameter in decl.params]
    signature = f"{decl.name}({', '.join(known)})"
    given: dict[str, Given] = {}
    position = 0
    for argument in args:
        name = argument.name
        if name is None:
            if position >= len(known):
                reporter.fail(
                    TooManyArguments(
                        span=argument.span, callee=decl.name, most=len(known), signature=signature
                    )
                )
            name = known[position]
            position += 1
        if name in given:
            reporter.fail(DuplicateArgument(span=argument.place, callee=decl.name, name=name))
        if name not in known:
            reporter.fail(UnknownArgument.of(argument.place, decl.name, name, known, signature))
        given[name] = argument
    return given
