"""What type rules are made of: checks, broadcasting, windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Final, TypeAlias, cast

from kspec.ir.core import Attr
from kspec.ir.types import FLOATS, INTEGERS, JAX_DTYPES, Dim, Shape, TensorType

Attrs: TypeAlias = Mapping[str, Attr]
Types: TypeAlias = tuple[TensorType, ...]
Rule: TypeAlias = Callable[[Types, Attrs], Types]


class TypeRuleError(ValueError):
    """Operands that an op does not take; the message is for the author of the model.

    A second line of it says what to write instead.
    """


@dataclass(frozen=True, slots=True)
class OpDef:
    """A row of the op table.

    Attributes:
        name: The op's name.
        rule: From operand types and attributes to result types.
        defaults: Attributes that may be left out, with what they then are.
        required: Attributes that must be given.
        stage: `graph` for ops that only exist before the modes are derived.
    """

    name: str
    rule: Rule
    defaults: Attrs
    required: tuple[str, ...]
    stage: str = "any"


OPS: Final[dict[str, OpDef]] = {}


def op(
    *names: str, stage: str = "any", required: tuple[str, ...] = (), **defaults: Attr
) -> Callable[[Rule], Rule]:
    """Enter a type rule in the table, for one op or for several of the same rule."""

    def enter(rule: Rule) -> Rule:
        for name in names:
            OPS[name] = OpDef(name, rule, defaults, required, stage)
        return rule

    return enter


def require(condition: bool, message: str) -> None:
    """Raise TypeRuleError with the message unless the condition holds."""
    if not condition:
        raise TypeRuleError(message)


def arity(types: Types, count: int, name: str) -> None:
    """Check the number of operands."""
    require(len(types) == count, f"{name} takes {count} operands, not {len(types)}")


def require_float(type: TensorType, what: str) -> None:
    """Check for a floating element type."""
    require(type.dtype in FLOATS, f"{what} needs floating-point numbers, not {type}")


def require_integer(type: TensorType, what: str) -> None:
    """Check for an integer element type."""
    require(type.dtype in INTEGERS, f"{what} needs integers, not {type}")


def integer(attrs: Attrs, name: str) -> int:
    """An integer attribute."""
    return cast("int", attrs[name])


def integers(attrs: Attrs, name: str) -> tuple[int, ...]:
    """An attribute that is a tuple of integers."""
    return cast("tuple[int, ...]", attrs[name])


def element_type(attrs: Attrs) -> str:
    """The attribute `dtype`, which must be an element type."""
    dtype = attrs["dtype"]
    require(dtype in JAX_DTYPES, f"there is no element type {dtype}")
    return cast("str", dtype)


def broadcast(left: TensorType, right: TensorType) -> Shape:
    """NumPy's rule; a named axis meets itself or 1."""
    rank = max(left.rank, right.rank)
    a = (1,) * (rank - left.rank) + left.shape
    b = (1,) * (rank - right.rank) + right.shape
    shape: list[Dim] = []
    for x, y in zip(a, b, strict=True):
        require(x == y or x == 1 or y == 1, f"{left} and {right} do not broadcast: {x} meets {y}")
        shape.append(y if x == 1 else x)
    return tuple(shape)


def window(
    size: Dim,
    window: int,
    stride: int,
    padding: Attr,
    dilation: int = 1,
    what: str = "window",
    advice: str = "",
) -> Dim:
    """The number of places of a window along an axis; `advice` is for one that is too large."""
    require(window > 0, f"a {what} of size {window} covers nothing")
    require(stride > 0, f"a {what} does not move by {stride}")
    require(dilation > 0, f"a {what} is not dilated by {dilation}")
    if isinstance(size, str):
        require(
            stride == 1 and padding == "same",
            f"the axis {size} has no fixed size, and a {what} over it needs one",
        )
        return size
    span = (window - 1) * dilation + 1
    count = -(-size // stride) if padding == "same" else (size - span) // stride + 1
    advice = advice or f"take a smaller {what}, or `padding=same`"
    require(count > 0, f"a {what} of {span} does not fit into an axis of {size}\n{advice}")
    return count


def channels_last(image: TensorType) -> str:
    """Advice for an image that seems to have its channels first."""
    first, *rest = image.shape[1:]
    if not all(isinstance(axis, int) for axis in (first, *rest)) or first not in (1, 3, 4):
        return ""
    if min(cast("list[int]", rest)) <= cast("int", first):
        return ""
    shape = ", ".join(map(str, (*rest, first)))
    return f"channels stand last: declare the image as `[{shape}]`"


def elements(shape: Shape) -> tuple[int, tuple[str, ...]]:
    """The product of the known axes, and the names of the others."""
    names = tuple(sorted(axis for axis in shape if isinstance(axis, str)))
    return prod(axis for axis in shape if isinstance(axis, int)), names
