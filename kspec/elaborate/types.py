"""Declared types: `u8[8, 8]` becomes a tensor type, or is held against a real one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from kspec.diagnostics import Span
from kspec.diagnostics.errors import (
    InvalidNumber,
    RaggedMisplaced,
    TypeNoteMismatch,
    UnknownDimension,
    UnknownDtype,
    WrongType,
)
from kspec.elaborate.reporter import Reporter
from kspec.elaborate.scope import Scope
from kspec.elaborate.values import Dimension, Meaning, describe
from kspec.ir import BATCH, JAX_DTYPES, STR, Dim, Shape, TensorType, ragged
from kspec.syntax.tree import Axis, Ellipsis, Expr, Name, Ragged, TypeExpr

LARGEST_AXIS: Final = 2**31 - 1
_WHOLE: Final = ("class", STR)  # types whose values are one thing an example
Evaluate: TypeAlias = Callable[[Expr, Scope], Meaning]
Pattern: TypeAlias = tuple[Dim | None, ...]  # None stands for `...`


class Types:
    """Reads type expressions; sizes such as `2 * width` are left to `evaluate`."""

    def __init__(self, reporter: Reporter, evaluate: Evaluate) -> None:
        self.reporter = reporter
        self.evaluate = evaluate

    def dtype(self, expr: TypeExpr) -> str:
        """The element type."""
        known = (*JAX_DTYPES, STR)
        if expr.name not in known:
            self.reporter.fail(UnknownDtype.of(expr.name_span, expr.name, known))
        return expr.name

    def pattern(self, expr: TypeExpr, scope: Scope) -> Pattern:
        """The declared axes of one example."""
        return tuple(self._axis(dim, scope) for dim in expr.dims or ())

    def padded(self, expr: TypeExpr, scope: Scope) -> Pattern:
        """The declared axes of one example, the first of which may be ragged: `..200`."""
        first, *rest = expr.dims or (None,)
        if not isinstance(first, Ragged):
            return self.pattern(expr, scope)
        if expr.name in _WHOLE:
            self.reporter.fail(RaggedMisplaced.of_whole(first.span, expr.name))
        bound = self._axis(first.bound, scope)
        if not isinstance(bound, int):
            self.reporter.fail(
                WrongType(
                    span=first.bound.span,
                    name="the bound of a ragged axis",
                    wanted="a number",
                    got=f"`{first.bound.span.text}`",
                )
            )
        return (ragged(bound), *(self._axis(dim, scope) for dim in rest))

    def tensor(self, expr: TypeExpr, scope: Scope) -> TensorType:
        """The type of a model's input: the declared axes behind the batch axis."""
        axes = self._sizes(expr, self.padded(expr, scope))
        return TensorType(self.dtype(expr), (BATCH, *axes))

    def plain(self, expr: TypeExpr, scope: Scope) -> TensorType:
        """The type as declared, for what is the same for every example."""
        return TensorType(self.dtype(expr), self._sizes(expr, self.pattern(expr, scope)))

    def _sizes(self, expr: TypeExpr, pattern: Pattern) -> Shape:
        """The axes, none of which may be `...`."""
        axes: list[Dim] = []
        for dim, axis in zip(expr.dims or (), pattern, strict=True):
            if axis is None:
                self.reporter.fail(
                    WrongType(span=dim.span, name="an axis", wanted="a size", got="`...`")
                )
            axes.append(axis)
        return tuple(axes)

    def _axis(self, dim: Axis, scope: Scope) -> Dim | None:
        if isinstance(dim, Ellipsis):
            return None
        if isinstance(dim, Ragged):
            self.reporter.fail(RaggedMisplaced(span=dim.span))
        if isinstance(dim, Name) and scope.find(dim.id) is None:
            if dim.id == BATCH or not dim.id[0].isupper():
                self.reporter.fail(UnknownDimension(span=dim.span, name=dim.id))
            return dim.id
        value = self.evaluate(dim, scope)
        if isinstance(value, Dimension):
            return dim.id if isinstance(dim, Name) else value.name
        if not isinstance(value, int) or isinstance(value, bool):
            self.reporter.fail(
                WrongType(span=dim.span, name="an axis", wanted="an integer", got=describe(value))
            )
        if not 0 < value <= LARGEST_AXIS:
            reason = f"an axis has from 1 to {LARGEST_AXIS} elements"
            self.reporter.fail(InvalidNumber(span=dim.span, reason=reason))
        return value

    def note(self, name: str, expr: TypeExpr, actual: TensorType, scope: Scope) -> None:
        """Check a written type against the real one, binding names that are new in `scope`."""
        pattern = self.pattern(expr, scope)
        fits = unify(pattern, actual.shape[1:], scope, expr.span)
        if not fits or self.dtype(expr) != actual.dtype:
            self.reporter.fail(
                TypeNoteMismatch(
                    span=expr.span, name=name, declared=spell(expr, pattern), actual=str(actual)
                )
            )


def spell(expr: TypeExpr, pattern: Pattern) -> str:
    """A declared type as messages show it, the batch axis included."""
    axes = [BATCH, *("..." if axis is None else str(axis) for axis in pattern)]
    return f"{expr.name}[{','.join(axes)}]"


def unify(declared: Pattern, actual: Shape, scope: Scope, span: Span) -> bool:
    """Whether a declared shape fits a real one; its new names are bound to what they met.

    Args:
        declared: The declared axes of one example.
        actual: The real axes of one example.
        scope: Where new names are bound.
        span: The place of the declaration.
    """
    if None in declared:
        cut = declared.index(None)
        tail = len(declared) - cut - 1
        if len(actual) < cut + tail:
            return False
        actual = (*actual[:cut], *actual[len(actual) - tail :])
        declared = (*declared[:cut], *declared[cut + 1 :])
    if len(declared) != len(actual):
        return False
    for want, got in zip(declared, actual, strict=True):
        meaning = Dimension(got) if isinstance(got, str) else got
        if isinstance(want, str):
            bound = scope.find(want)
            if bound is None:
                scope.bind(want, meaning, span)
            elif bound.meaning != meaning:
                return False
        elif want != got:
            return False
    return True
