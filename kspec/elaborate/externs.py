"""Functions of Python files: declared with their types, and written into the program as ops."""

from __future__ import annotations

import ast
import keyword
import re
from typing import TYPE_CHECKING, ClassVar, Final

from kspec import scripts
from kspec.activations.base import Activation
from kspec.diagnostics import Label, Source, Span, SpecError
from kspec.diagnostics.errors import (
    BadTarget,
    FileUnreadable,
    FreeSize,
    LocalImport,
    NoSuchFunction,
    ParametersMismatch,
    UnknownDtype,
    WrongOperandCount,
    WrongShape,
    WrongType,
)
from kspec.diagnostics.lints import MaskDropped
from kspec.elaborate import origins
from kspec.elaborate.reporter import Failed
from kspec.elaborate.scope import Scope
from kspec.elaborate.values import Extern, Meaning, Tensor
from kspec.ir import JAX_DTYPES, Builder, Part, TypeRuleError, Value
from kspec.ir.extern import ANY, ExternType, Pattern, Sizes, of_example
from kspec.scripts import NotPython, Script
from kspec.syntax.tree import ExternDecl, TypeExpr

if TYPE_CHECKING:
    from kspec.elaborate.files import Reader
    from kspec.elaborate.models import Elaborator
    from kspec.elaborate.reporter import Reporter

_FUNCTION: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def declare(
    decl: ExternDecl, source: Source, scope: Scope, elaborator: Elaborator, reader: Reader
) -> Extern:
    """The function that a line means. Raises Failed after reporting a mistake.

    Args:
        decl: The line.
        source: The spec that it stands in.
        scope: The names that it sees.
        elaborator: Reads types.
        reader: Reads the file.
    """
    reporter = elaborator.reporter
    reporter.spend(1, decl.span)
    path = _path(decl, reporter)
    type = _type(decl, scope, elaborator)
    script = _script(decl, path, source, reporter, reader)
    _check(decl, script, len(type.operands), reporter)
    return Extern(decl.name, type, script, decl.target_span, decl.name_span)


def _path(decl: ExternDecl, reporter: Reporter) -> str:
    """The file that is named."""
    path, colon, function = decl.target.rpartition(":")
    reason = ""
    if not colon:
        reason = "there is no `:` with a function behind it"
    elif not path.endswith(".py"):
        reason = "the file does not end in `.py`"
    elif not _FUNCTION.fullmatch(function) or keyword.iskeyword(function):
        reason = "a function has letters, digits and `_`, and begins with a letter"
    if reason:
        target = decl.target[:100]
        reporter.fail(BadTarget(span=decl.target_span, target=target, reason=reason))
    return path


def _type(decl: ExternDecl, scope: Scope, elaborator: Elaborator) -> ExternType:
    """The declared type; names of the file that are numbers are filled in."""
    reporter = elaborator.reporter
    operands = tuple(_pattern(each, scope, elaborator) for each in decl.operands)
    results = tuple(_pattern(each, scope, elaborator) for each in decl.results)
    type = ExternType(operands, results)
    for written, pattern in zip(decl.results, results, strict=True):
        for size in pattern.axes:
            if size in type.free:
                span = _place(written, str(size))
                reporter.fail(FreeSize(span=span, name=decl.name, size=str(size)))
    return type


def _pattern(written: TypeExpr, scope: Scope, elaborator: Elaborator) -> Pattern:
    reporter = elaborator.reporter
    if written.name not in JAX_DTYPES:
        reporter.fail(UnknownDtype.of(written.name_span, written.name, JAX_DTYPES))
    axes = tuple(ANY if a is None else a for a in elaborator.types.pattern(written, scope))
    if axes.count(ANY) > 1:
        reporter.fail(
            WrongType(span=written.span, name="a type", wanted="one `...` at most", got="several")
        )
    return Pattern(written.name, axes)


def _place(written: TypeExpr, size: str) -> Span:
    """Where a size is written."""
    return next((dim.span for dim in written.dims or () if dim.span.text == size), written.span)


def _script(
    decl: ExternDecl, path: str, source: Source, reporter: Reporter, reader: Reader
) -> Script:
    try:
        return reader.script(path, source)
    except SpecError as error:
        for diagnostic in error.diagnostics:
            reporter.report(diagnostic.replace(span=decl.target_span))
        raise Failed from None


def _check(decl: ExternDecl, script: Script, count: int, reporter: Reporter) -> None:
    """Look at the file: is it Python, and does it have the function?"""
    span = decl.target_span
    try:
        tree = scripts.parsed(script.text)
    except NotPython as error:
        reporter.fail(FileUnreadable(span=span, path=script.path, reason=str(error)))
    for module, line in scripts.imports(tree):
        if module == "." or script.is_local(module):
            reporter.fail(LocalImport(span=span, path=script.path, module=module, line=line))
    function = _function(decl, script.path, tree, reporter)
    if not scripts.takes(function, count):
        reporter.fail(
            ParametersMismatch(
                span=decl.operands[0].span.to(decl.operands[-1].span),
                name=decl.name,
                path=script.path,
                line=function.lineno,
                parameters=scripts.parameters(function),
                operands=f"{count} operand{'' if count == 1 else 's'}",
            )
        )


def _function(decl: ExternDecl, path: str, tree: ast.Module, reporter: Reporter) -> ast.FunctionDef:
    known = scripts.functions(tree)
    if decl.name not in known:
        reporter.fail(NoSuchFunction.of(decl.name_span, path, decl.name, known))
    line = scripts.rebound(tree, decl.name)
    if line is not None:
        reason = f"its name means something else, too, by line {line}"
        reporter.fail(NoSuchFunction(span=decl.name_span, path=path, name=decl.name, reason=reason))
    return known[decl.name]


def call(
    extern: Extern,
    operands: tuple[Tensor, ...],
    span: Span,
    builder: Builder,
    reporter: Reporter,
) -> tuple[Tensor, ...]:
    """Write a call. Raises Failed after reporting a mistake, and TypeRuleError.

    Args:
        extern: The function.
        operands: What it is called with.
        span: The call.
        builder: Takes the op.
        reporter: Takes mistakes.
    """
    wanted = extern.type.operands
    if len(operands) != len(wanted):
        count = str(len(wanted))
        reporter.fail(
            WrongOperandCount(span=span, layer=extern.name, wanted=count, got=len(operands))
        )
    sizes: Sizes = {}
    for pattern, operand in zip(wanted, operands, strict=True):
        before = dict(sizes)
        if not pattern.match(of_example(operand.value.type), sizes):
            labels = (
                Label(extern.declared, f"declared as {extern.type}"),
                *origins.labels(builder, (operand,), span),
            )
            reporter.fail(
                WrongShape(
                    span=span,
                    layer=extern.name,
                    wanted=str(pattern),
                    got=origins.spell(operand.value.type),
                    advice=_known(pattern, before),
                    labels=labels,
                )
            )
    if any(operand.mask is not None for operand in operands):
        reporter.report(MaskDropped(span=span, layer=extern.name))
    with builder.within(Part("layer", span, lambda: extern.name)):
        results = _write(extern, builder, *(operand.value for operand in operands))
    return tuple(Tensor(value, span) for value in results)


def _known(pattern: Pattern, sizes: Sizes) -> str:
    """What sizes are by the operands before this one."""
    known = [
        f"`{axis}` is {', '.join(map(str, sizes[axis])) or 'no axis'}"
        for axis in pattern.axes
        if isinstance(axis, str) and axis in sizes
    ]
    return f"{' and '.join(known)} by an operand before this one" if known else ""


def _write(extern: Extern, b: Builder, *values: Value) -> tuple[Value, ...]:
    type = str(extern.type)
    return b.op_n("extern", *values, path=extern.script.path, function=extern.name, type=type)


class ExternActivation(Activation):
    """A function of a Python file where a layer takes an activation."""

    extern: ClassVar[Extern]

    def lower(self, b: Builder, x: Value) -> Value:
        """Call it."""
        try:
            (result,) = _write(self.extern, b, x)
        except TypeRuleError as error:
            raise TypeRuleError(f"its activation `{self.extern.name}`: {error}") from None
        return result


def as_activation(value: Meaning, wanted: type[object]) -> Activation | None:
    """The activation that a value is: a function of one tensor that gives one; else None."""
    if not isinstance(value, Extern) or not issubclass(Activation, wanted):
        return None
    if len(value.type.operands) != 1 or len(value.type.results) != 1:
        return None

    class Named(ExternActivation):
        """With the name that messages and drawings show, and its function."""

        name = value.name
        extern = value

    return Named()
