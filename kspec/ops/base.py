"""What an op is: a function of one or more tensors without weights.

Axes count as in Keras, with the batch axis as axis 0, which no op may touch. Where no
axis is given, a reduction goes over all axes of one example.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeAlias, TypeVar

from kspec.ir import BATCH, Builder, TypeRuleError, Value
from kspec.registry import Definition, arg, register

__all__ = ["Axes", "Operation", "arg", "axes_of", "axis_of", "op"]

T = TypeVar("T", bound="type[Operation]")
Axes: TypeAlias = "int | tuple[int, ...] | None"


def op(name: str) -> Callable[[T], T]:
    """Register an op under the name that specs use."""
    return register("op", name)


class Operation(Definition):
    """A function of tensors.

    Attributes:
        operands: How many tensors it works on; where there are several, numbers may stand
            for some of them.
        elementwise: Whether each element of the result comes from those at its place, so that
            a mask of time steps still holds.
        promotes: The first of the operands that get one element type, as in arithmetic.
    """

    kind: ClassVar[str] = "op"
    operands: ClassVar[int] = 1
    promotes: ClassVar[int] = 0
    elementwise: ClassVar[bool] = False

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops. Operands have one element type, unless it says otherwise."""
        raise NotImplementedError


def axis_of(x: Value, axis: int, *, places: int = 0) -> int:
    """An axis counted from 0, the batch axis excluded.

    Args:
        x: The operand.
        axis: As the author counts: from the end where negative.
        places: 1 where the axis is one that is to be made.

    Raises:
        TypeRuleError: There is no such axis, or it is the batch axis.
    """
    rank = x.type.rank + places
    if not -rank <= axis < rank:
        raise TypeRuleError(f"{x.type} has no axis {axis}")
    if axis % rank == 0 and x.type.shape[:1] == (BATCH,):
        raise TypeRuleError("axis 0 is the batch axis: examples do not mix")
    return axis % rank


def axes_of(x: Value, axis: Axes) -> tuple[int, ...]:
    """Axes counted from 0, in order; all of one example's where none is given."""
    if axis is None:
        return tuple(range(int(x.type.shape[:1] == (BATCH,)), x.type.rank))
    axes = (axis,) if isinstance(axis, int) else axis
    found = sorted(axis_of(x, each) for each in axes)
    if len(set(found)) != len(found):
        raise TypeRuleError(f"an axis is there twice: {axis}")
    return tuple(found)
