"""What an optimizer says of weights, held against the weights that there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import cast

from kspec.diagnostics import Span
from kspec.diagnostics.errors import InvalidArgument
from kspec.elaborate.arguments import Choice
from kspec.elaborate.reporter import Failed, Reporter
from kspec.elaborate.selectors import select
from kspec.ir import Call
from kspec.registry import Selector
from kspec.syntax import tree
from kspec.syntax.tree import Expr


def check_selectors(
    optimizer: Expr, choices: Iterable[Choice], paths: Collection[str], reporter: Reporter
) -> None:
    """Each path in an optimizer's arguments means one of its weights.

    Args:
        optimizer: The optimizer, as the spec writes it.
        choices: Every argument that was chosen so far.
        paths: The weights that it updates, unless they are frozen.
        reporter: Where mistakes go.

    Raises:
        Failed: A path means none, which is reported.
    """
    failed = False
    for choice in choices:
        if choice.written is not None and choice.call == optimizer.span:
            for selector in _selectors(optimizer, choice.value, choice.written):
                try:
                    select(selector, paths, reporter)
                except Failed:
                    failed = True
    if failed:
        raise Failed


def check_loss_scales(
    optimizer: Call, parts: Iterable[tuple[Call, Span]], reporter: Reporter
) -> None:
    """There is one loss, with one scale. Raises Failed after reporting that a part has another."""
    for part, place in parts:
        if part.args.get("loss_scale_factor") != optimizer.args.get("loss_scale_factor"):
            message = "loss_scale_factor must be the same for all parts, since there is one loss"
            reporter.fail(InvalidArgument(span=place, callee=part.name, message=message))


def _selectors(optimizer: Expr, value: object, place: Span) -> Iterator[tree.Selector]:
    """The selectors in an argument, each at its own place where the spec writes it out."""
    if not isinstance(value, tuple):
        return
    spans: list[Span] = []
    for argument in optimizer.args if isinstance(optimizer, tree.Call) else ():
        if argument.value.span == place and isinstance(argument.value, (tree.Tuple, tree.List)):
            spans = [item.span for item in argument.value.items]
    for index, item in enumerate(cast("tuple[object, ...]", value)):
        if isinstance(item, Selector):
            span = spans[index] if spans else place
            yield tree.Selector(tuple(item.split(".")), span)
