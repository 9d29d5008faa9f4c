"""Indexing tensors: `x[0]`, `x[1:3]`, `x[..., -1]`. The batch axis is never indexed."""

from __future__ import annotations

from collections.abc import Callable

from kspec.diagnostics import Span
from kspec.diagnostics.errors import BadIndex
from kspec.elaborate.reporter import Reporter
from kspec.elaborate.values import Meaning, describe
from kspec.ir import BATCH, Builder, TypeRuleError, Value
from kspec.syntax import tree
from kspec.syntax.tree import Expr

Item = int | tuple[int | None, int | None, int | None]
ALL: Item = (None, None, None)


def index(
    value: Value,
    expr: tree.Index,
    evaluate: Callable[[Expr], Meaning],
    builder: Builder,
    reporter: Reporter,
) -> Value:
    """Write an indexing. Raises Failed after reporting a mistake."""
    items = _items(value, expr, evaluate, reporter)
    try:
        return builder.op("index", value, items=items)
    except TypeRuleError as error:
        reporter.fail(BadIndex(span=expr.span, reason=str(error)))


def _items(
    value: Value, expr: tree.Index, evaluate: Callable[[Expr], Meaning], reporter: Reporter
) -> tuple[Item, ...]:
    """One item an axis, the batch axis first."""
    batch: tuple[Item, ...] = (ALL,) if value.type.shape[:1] == (BATCH,) else ()
    dots = [i for i, item in enumerate(expr.items) if isinstance(item, tree.Ellipsis)]
    free = value.type.rank - len(batch) - (len(expr.items) - len(dots))
    if free < 0 or len(dots) > 1:
        axes = value.type.rank - len(batch)
        many = "one `...` is enough" if len(dots) > 1 else f"an example has {axes} axes"
        reporter.fail(BadIndex(span=expr.span, reason=f"{many}: this is {value.type}"))
    items = [
        ALL if isinstance(item, tree.Ellipsis) else _item(item, evaluate, reporter)
        for item in expr.items
    ]
    at = dots[0] if dots else len(items)
    return (*batch, *items[:at], *((ALL,) * free), *items[at + len(dots) :])


def _item(item: Expr | tree.Slice, evaluate: Callable[[Expr], Meaning], reporter: Reporter) -> Item:
    if not isinstance(item, tree.Slice):
        return _integer(evaluate(item), item.span, reporter)
    start, stop, step = (
        None if part is None else _integer(evaluate(part), part.span, reporter)
        for part in (item.start, item.stop, item.step)
    )
    if step == 0:
        reporter.fail(BadIndex(span=item.span, reason="a step of 0 goes nowhere"))
    return (start, stop, step)


def _integer(value: Meaning, span: Span, reporter: Reporter) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        reporter.fail(BadIndex(span=span, reason=f"{describe(value)} is no integer"))
    return value
