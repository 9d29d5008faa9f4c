"""The tensors among the arguments of calls, and on the left of arrows."""

from __future__ import annotations

from kspec.diagnostics import Diagnostic, Span
from kspec.diagnostics.errors import NotAValue
from kspec.elaborate.values import (
    LAYER_LIKE,
    BlockValue,
    Given,
    Meaning,
    Shared,
    Tensor,
    describe,
)
from kspec.syntax import tree


def leading_tensors(args: tuple[Given, ...]) -> tuple[Tensor, ...]:
    """The tensors that stand first, without names."""
    tensors: list[Tensor] = []
    for given in args:
        if given.name is not None or not isinstance(given.value, Tensor):
            break
        tensors.append(given.value)
    return tuple(tensors)


def tensors_in_a_list(call: tree.Call, args: tuple[Given, ...]) -> Diagnostic | None:
    """The mistake of tensors in a list, as Keras takes them, if there is one."""
    for given in args[:1]:
        items = given.value if isinstance(given.value, (tuple, list)) else ()
        if not any(isinstance(item, Tensor) for item in items):
            continue
        inside = given.span.text.strip("[]()")
        rest = "".join(f", {other.span.text}" for other in call.args[1:])
        return NotAValue(
            span=given.span,
            what=f"a {type(given.value).__name__}",
            wanted="tensors one by one",
            advice=f"write `{call.func.id}({inside}{rest})`",
        )
    return None


def brought(value: Meaning, span: Span) -> tuple[Tensor, ...] | None:
    """The tensors that a value brings to an arrow; None where it brings none."""
    if isinstance(value, Tensor):
        return (Tensor(value.value, span),)
    if isinstance(value, (tuple, list)) and value:
        tensors = [item for item in value if isinstance(item, Tensor)]
        if len(tensors) == len(value):
            return tuple(tensors)
    return None


def word_of(*values: Meaning) -> str:
    """A name for a result that the author did not name: that of its first operand."""
    for value in values:
        if isinstance(value, Tensor) and "." not in value.value.name.rstrip("0123456789."):
            return value.value.hint
    return "x"


def kind_of(meaning: Meaning) -> str:
    """What a meaning is that cannot be called, in words."""
    if isinstance(meaning, (Shared, BlockValue, *LAYER_LIKE)):
        return "a layer that has its arguments"
    return describe(meaning)
