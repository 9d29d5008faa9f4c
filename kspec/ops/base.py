"""What an op is: a function of one or more tensors without weights.

Axes count as in Keras, with the batch axis as axis 0, which no op may touch. A shape is that
of one example, as in types. What Keras does to a whole array where no axis is given, an op
does to each example by itself: `sum(x)` goes over all axes of one example.

Weights, and tensors that are made from numbers, have no batch axis. They are the same for
every example, and their axis 0 is like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, Final, TypeAlias, TypeVar

from kspec.ir import BATCH, Builder, Dim, TypeRuleError, Value
from kspec.registry import Definition, arg, register

__all__ = [
    "Axes",
    "Operation",
    "apart",
    "arg",
    "axes_of",
    "axis_of",
    "bad_size",
    "batched",
    "boolean",
    "example_axes",
    "fixed",
    "flat",
    "in_order",
    "number",
    "op",
    "to_float",
]

T = TypeVar("T", bound="type[Operation]")
Axes: TypeAlias = "int | tuple[int, ...] | None"
LARGEST_AXIS: Final = 2**31 - 1


def op(name: str) -> Callable[[T], T]:
    """Register an op under the name that specs use."""
    return register("op", name)


class Operation(Definition):
    """A function of tensors.

    Attributes:
        operands: How many tensors it works on; where there are several, numbers may stand
            for some of them. With 0 it makes a tensor of its arguments alone.
        variadic: Whether it takes any number of tensors, and no numbers for them.
        elementwise: Whether each element of the result comes from those at its place.
        promotes: The first of the operands that get one element type, as in arithmetic.
    """

    kind: ClassVar[str] = "op"
    operands: ClassVar[int] = 1
    variadic: ClassVar[bool] = False
    promotes: ClassVar[int] = 0
    elementwise: ClassVar[bool] = False

    def keeps_steps(self) -> bool:
        """Whether a mask of time steps holds for its result."""
        return self.elementwise

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops. Operands have one element type, unless it says otherwise."""
        raise NotImplementedError


def batched(x: Value) -> bool:
    """Whether it has the batch axis: weights and tensors made from numbers have none."""
    return x.type.shape[:1] == (BATCH,)


def example_axes(x: Value) -> tuple[int, ...]:
    """All axes of one example, counted from 0."""
    return tuple(range(int(batched(x)), x.type.rank))


def apart(operands: Iterable[Value], result: Value) -> Value:
    """The result, once it is sure that its examples are those of the operands.

    Raises:
        TypeRuleError: The batch axis is not the first any more.
    """
    shape = result.type.shape
    if BATCH in shape[1:] or (shape[:1] != (BATCH,) and any(map(batched, operands))):
        raise TypeRuleError(f"this gives {result.type}: examples do not mix")
    return result


def axis_of(x: Value, axis: int, *, places: int = 0) -> int:
    """An axis counted from 0, the batch axis excluded.

    Args:
        x: The operand.
        axis: As the author counts: from the end where negative.
        places: How many axes are yet to be made, this one among them.

    Raises:
        TypeRuleError: There is no such axis, or it is the batch axis.
    """
    rank = x.type.rank + places
    if not -rank <= axis < rank:
        raise TypeRuleError(f"{x.type} has no axis {axis}")
    if axis % rank == 0 and batched(x):
        raise TypeRuleError("axis 0 is the batch axis: examples do not mix")
    return axis % rank


def in_order(x: Value, axis: int | tuple[int, ...], *, places: int = 0) -> tuple[int, ...]:
    """Axes counted from 0, in the order in which they are given."""
    axes = (axis,) if isinstance(axis, int) else axis
    found = tuple(axis_of(x, each, places=places) for each in axes)
    if len(set(found)) != len(found):
        raise TypeRuleError(f"an axis is there twice: {axis}")
    return found


def axes_of(x: Value, axis: Axes) -> tuple[int, ...]:
    """Axes counted from 0, sorted; all of one example's where none is given."""
    return example_axes(x) if axis is None else tuple(sorted(in_order(x, axis)))


def fixed(x: Value, axis: int) -> int:
    """The size of an axis, counted from 0. Raises TypeRuleError where it is open."""
    size = x.type.shape[axis]
    if isinstance(size, str):
        raise TypeRuleError(f"axis {axis} of {x.type} has no fixed size, and one is needed here")
    return size


def bad_size(sizes: int | Iterable[int], name: str, least: int = 1) -> str | None:
    """What is wrong with sizes of axes, or None: `num must be at least 1`."""
    each = [sizes] if isinstance(sizes, int) else list(sizes)
    if any(size < least for size in each):
        return f"{name} must be at least {least}"
    return f"{name} must be at most {LARGEST_AXIS}" if max(each, default=0) > LARGEST_AXIS else None


def flat(b: Builder, x: Value) -> Value:
    """Each example as one row."""
    axes = example_axes(x)
    if len(axes) == 1:
        return x
    size = 1
    for axis in axes:
        size *= fixed(x, axis)
    shape: tuple[Dim, ...] = (*x.type.shape[: int(batched(x))], size)
    return b.op("reshape", x, shape=shape)


def to_float(b: Builder, x: Value) -> Value:
    """Integers and booleans as f32, floats as they are."""
    return x if x.type.is_float else b.op("cast", x, dtype="f32")


def boolean(b: Builder, x: Value) -> Value:
    """Whether each number is not 0; booleans as they are."""
    return x if x.type.dtype == "bool" else b.op("cast", x, dtype="bool")


def number(b: Builder, x: Value) -> Value:
    """Booleans as 0 and 1, numbers as they are."""
    return b.op("cast", x, dtype="i32") if x.type.dtype == "bool" else x
