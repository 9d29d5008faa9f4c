"""What type rules are made of: checks, broadcasting, windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Final, TypeAlias, cast

from kspec.ir.core import Attr, Func
from kspec.ir.types import BATCH, FLOATS, INTEGERS, JAX_DTYPES, KEY, Dim, Shape, TensorType

Attrs: TypeAlias = Mapping[str, Attr]
Types: TypeAlias = tuple[TensorType, ...]
Rule: TypeAlias = Callable[[Types, Attrs], Types]
RegionRule: TypeAlias = Callable[[Types, Attrs, Func], Types]


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
        stage: `graph` for ops that only exist before the modes are derived, `host` for those of
            `prepare`, which runs in NumPy, and `learn` for those of `learn`.
        region: The rule of an op with a body.
        mixes: Whether what it gives for an example depends on the others of the batch.
    """

    name: str
    rule: Rule
    defaults: Attrs
    required: tuple[str, ...]
    stage: str = "any"
    region: RegionRule | None = None
    mixes: bool = False

    def infer(self, types: Types, attrs: Attrs, body: Func | None = None) -> Types:
        """The results' types. Raises TypeRuleError."""
        if self.stage not in ("host", "learn"):
            hosted = next((type for type in types if type.is_hosted), None)
            require(hosted is None, f"{self.name} works on numbers, not {hosted}")
        require((body is None) == (self.region is None), "a body is there, or missing")
        if body is None or self.region is None:
            return self.rule(types, attrs)
        return self.region(types, attrs, body)


OPS: Final[dict[str, OpDef]] = {}


def op(
    *names: str,
    stage: str = "any",
    mixes: bool = False,
    required: tuple[str, ...] = (),
    **defaults: Attr,
) -> Callable[[Rule], Rule]:
    """Enter a type rule in the table, for one op or for several of the same rule."""

    def enter(rule: Rule) -> Rule:
        for name in names:
            if name in OPS:
                raise ValueError(f"two ops are called {name}")
            OPS[name] = OpDef(name, rule, defaults, required, stage, mixes=mixes)
        return rule

    return enter


def region_op(
    name: str, *, required: tuple[str, ...] = (), **defaults: Attr
) -> Callable[[RegionRule], RegionRule]:
    """Enter the type rule of an op with a body."""

    def enter(rule: RegionRule) -> RegionRule:
        OPS[name] = OpDef(name, _bodiless, defaults, required, "region", rule)
        return rule

    return enter


def _bodiless(types: Types, attrs: Attrs) -> Types:
    raise TypeRuleError("it needs a body")


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
    require(
        shape.count(BATCH) < 2,
        f"{left} and {right} do not broadcast: each example would meet every other",
    )
    return tuple(shape)


def reduced(x: TensorType, attrs: Attrs) -> Shape:
    """The shape without the axes of the attribute `axis`, or with 1 where `keepdims` is set."""
    axes = integers(attrs, "axis")
    require(all(0 <= axis < x.rank for axis in axes), f"{x} has no axis {axes}")
    kept: list[Dim] = []
    for axis, size in enumerate(x.shape):
        if axis not in axes:
            kept.append(size)
        elif attrs["keepdims"]:
            kept.append(1)
    return tuple(kept)


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
            stride == 1 and padding != "valid",
            f"the axis {size} has no fixed size: over it a {what} moves by 1, "
            'and needs padding="same"',
        )
        return size
    span = (window - 1) * dilation + 1
    count = (size - span) // stride + 1 if padding == "valid" else -(-size // stride)
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


def axis_of(x: TensorType, attrs: Attrs, name: str = "axis") -> int:
    """The attribute that is an axis of `x`, counted from 0."""
    axis = integer(attrs, name)
    require(0 <= axis < x.rank, f"{x} has no axis {axis}")
    return axis


def fixed(x: TensorType, axis: int) -> int:
    """The size of an axis, which must be a number."""
    size = x.shape[axis]
    require(isinstance(size, int), f"axis {axis} of {x} has no fixed size")
    return cast("int", size)


def floating(types: Types, attrs: Attrs) -> Types:
    """The rule of what makes one float of one float."""
    arity(types, 1, "this")
    require_float(types[0], "it")
    return types


def pair(types: Types, attrs: Attrs) -> Types:
    """The rule of what makes one number of two of the same element type."""
    arity(types, 2, "this")
    left, right = types
    require(left.dtype == right.dtype, f"{left} and {right} have different element types")
    require(left.dtype not in ("bool", KEY), f"numbers are needed, not {left}")
    return (TensorType(left.dtype, broadcast(left, right)),)


def floating_pair(types: Types, attrs: Attrs) -> Types:
    """The rule of what makes one float of two."""
    arity(types, 2, "this")
    require_float(types[0], "it")
    return pair(types, attrs)
