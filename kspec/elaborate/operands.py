"""The tensors among the arguments of calls and left of arrows, and what a name then means."""

from __future__ import annotations

from dataclasses import replace

from kspec.diagnostics import Span
from kspec.elaborate.values import (
    LAYER_LIKE,
    BlockValue,
    Extern,
    Given,
    Meaning,
    Shared,
    Tensor,
    describe,
)
from kspec.ir import BATCH, Attr
from kspec.layers.base import Layer
from kspec.ops.base import Operation
from kspec.registry import Definition, lookup


def split_operands(
    cls: type[Operation], operands: tuple[Tensor, ...], args: tuple[Given, ...]
) -> tuple[tuple[Meaning, ...], tuple[Given, ...]]:
    """What an op works on, and the arguments that are left.

    In `maximum(x, 0)` the number is an operand, too, and so is the list in `take(x, [0, 2])`;
    in `einsum("...", x, y)` the operands stand behind a string, as in Keras.
    """
    lead: tuple[Given, ...] = ()
    if cls.variadic and not operands and args[:1] and isinstance(args[0].value, str):
        lead, args = args[:1], args[1:]
    taken = (Tensor,) if cls.variadic else (Tensor, int, float, tuple, list)
    most = len(args) if cls.variadic else cls.operands - len(operands)
    more = 0
    while more < min(most, len(args)) and args[more].name is None:
        if not isinstance(args[more].value, taken):
            break
        more += 1
    return (*operands, *(given.value for given in args[:more])), (*lead, *args[more:])


def unpacked(args: tuple[Given, ...]) -> tuple[Given, ...]:
    """The arguments of `stack([x, y], axis=1)` as those of `stack(x, y, axis=1)`."""
    if not args or args[0].name is not None or not isinstance(args[0].value, (tuple, list)):
        return args
    tensors = [item for item in args[0].value if isinstance(item, Tensor)]
    if len(tensors) != len(args[0].value):
        return args
    return (*(Given(None, None, item, item.span) for item in tensors), *args[1:])


def makes_tensor(op: type[Operation], args: tuple[Given, ...]) -> bool:
    """Whether a call means an op that works on no tensor, and not an initializer of its name.

    `zeros((2, 3))` and `identity(3)` are tensors, `zeros()` and `identity(0.5)` initializers.
    """
    other = lookup("initializer", op.name)
    if other is None:
        return True
    own = {each.name for each in other.args}
    if not args or any(given.name in own for given in args):
        return False
    return not isinstance(args[0].value, float)


def numbers(value: Meaning) -> tuple[Attr, ...] | float | None:
    """Nested lists of numbers as tuples; None where anything else is in them."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    if not isinstance(value, (tuple, list)):
        return None
    items = [numbers(item) for item in value]
    return None if None in items else tuple(items)


def layer_or_op(
    cls: type[Definition], operands: tuple[Tensor, ...], args: tuple[Given, ...]
) -> type[Definition]:
    """What a name means for these operands, where a layer and an op are called so.

    It is the layer, but for what no layer takes: tensors without a batch axis, numbers in
    the place of tensors, and a call without the arguments that the layer needs.
    """
    if not issubclass(cls, Layer):
        return cls
    plain = any(operand.value.type.shape[:1] != (BATCH,) for operand in operands)
    first = args[0] if args else None
    number = first is not None and first.name is None and isinstance(first.value, (int, float))
    fewest = 2 if cls.variadic else min(cls.counts or (len(cls.patterns()[0]),))
    short = fewest > 1 and len(operands) < fewest and number
    op = lookup("op", cls.name)
    bare = not args and bool(operands) and any(arg.required for arg in cls.args)
    bare = bare and op is not None and not any(arg.required for arg in op.args)
    return op if op is not None and (plain or short or bare) else cls


def leading_tensors(args: tuple[Given, ...]) -> tuple[Tensor, ...]:
    """The tensors that stand first, without names."""
    tensors: list[Tensor] = []
    for given in args:
        if given.name is not None or not isinstance(given.value, Tensor):
            break
        tensors.append(given.value)
    return tuple(tensors)


def brought(value: Meaning, span: Span) -> tuple[Tensor, ...] | None:
    """The tensors that a value brings to an arrow; None where it brings none."""
    if isinstance(value, Tensor):
        return (replace(value, span=span),)
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
    if isinstance(meaning, Extern):
        return "a function that takes tensors only"
    if isinstance(meaning, (Shared, BlockValue, *LAYER_LIKE)):
        return "a layer that has its arguments"
    return describe(meaning)
