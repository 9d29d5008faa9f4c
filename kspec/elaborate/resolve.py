"""Write a train block's defaults out, for the resolved spec of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from kspec.diagnostics import Span
from kspec.elaborate.settings import Settings
from kspec.ir import Attr, Call
from kspec.syntax import tree
from kspec.syntax.tree import Argument, Expr, Setting


def resolved_settings(
    decl: tree.TrainDecl, settings: Settings, optimizer: Call, scalars: Mapping[str, object]
) -> tuple[tree.TrainItem, ...]:
    """The items of a train block, every setting's default given."""
    written = settings.by_key
    values: dict[str, Expr] = {key: setting.value for key, setting in written.items()}
    values["optimizer"] = call(optimizer, written["optimizer"].value.span)
    for key, value in scalars.items():
        span = written[key].value.span if key in written else decl.span
        values[key] = literal(cast("Attr", value), span)
    given = (
        Setting(key, value.span, value, written[key].span if key in written else decl.span)
        for key, value in values.items()
    )
    return (*given, *(item for item in decl.items if not isinstance(item, Setting)))


def call(value: Call, span: Span) -> Expr:
    """A call of the IR as an expression."""
    args = tuple(Argument(name, span, literal(arg, span), span) for name, arg in value.args.items())
    return tree.Call(tree.Name(value.name, span), args, span)


def literal(value: Attr, span: Span) -> Expr:
    """A plain value as an expression."""
    if isinstance(value, Call):
        return call(value, span)
    if value is None or isinstance(value, bool):
        return tree.Literal(value, span)
    if isinstance(value, str):
        return tree.String(value, span)
    if isinstance(value, tuple):
        return tree.Tuple(tuple(literal(item, span) for item in value), span)
    if value < 0:
        return tree.Unary("-", tree.Number(-value, "", span), span)
    return tree.Number(value, "", span)
