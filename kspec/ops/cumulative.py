"""Ops that go along an axis: running sums, differences, integrals."""

from __future__ import annotations

from typing import ClassVar, final

from kspec.ir import Builder, TypeRuleError, Value
from kspec.ops.base import Operation, arg, axis_of, fixed, flat, number, op, to_float

__all__: list[str] = []


class _Running(Operation):
    """The IR op of the same name along an axis."""

    plain: ClassVar[str]

    axis: int | None = arg(
        default=None, doc="The axis; by default each example becomes one row, and that is it."
    )

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops; integers are never NaN."""
        x = number(b, operands[0])
        if self.axis is None:
            x = flat(b, x)
        name = self.name if x.type.is_float else self.plain
        axis = x.type.rank - 1 if self.axis is None else axis_of(x, self.axis)
        return b.op(name, x, axis=axis)


@final
@op("cumsum")
class CumSum(_Running):
    """The sum up to each place along an axis."""

    plain: ClassVar[str] = "cumsum"


@final
@op("cumprod")
class CumProd(_Running):
    """The product up to each place along an axis."""

    plain: ClassVar[str] = "cumprod"


@final
@op("nancumsum")
class NanCumSum(_Running):
    """The sum up to each place along an axis, of what is not NaN."""

    plain: ClassVar[str] = "cumsum"


@final
@op("nancumprod")
class NanCumProd(_Running):
    """The product up to each place along an axis, of what is not NaN."""

    plain: ClassVar[str] = "cumprod"


@final
@op("diff")
class Diff(Operation):
    """Each number less the one before it along an axis, which gets shorter by one."""

    n: int = arg(default=1, doc="How often.")
    axis: int = arg(default=-1, doc="The axis.")

    def check(self) -> str | None:
        """It cannot be undone."""
        return None if 0 <= self.n <= 100 else "n must be between 0 and 100"

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Two slices and a subtraction, n times."""
        x = number(b, operands[0])
        axis = axis_of(x, self.axis)
        if fixed(x, axis) <= self.n:
            raise TypeRuleError(f"axis {axis} of {x.type} is too short for {self.n} differences")
        for _ in range(self.n):
            x = b.op("subtract", cut(b, x, axis, 1, None), cut(b, x, axis, None, -1))
        return x


def cut(b: Builder, x: Value, axis: int, start: int | None, stop: int | None) -> Value:
    """The part of an axis from `start` to `stop`."""
    items: list[tuple[int | None, ...]] = [(None, None, None)] * x.type.rank
    items[axis] = (start, stop, None)
    return b.op("index", x, items=tuple(items))


@final
@op("trapezoid")
class Trapezoid(Operation):
    """The area under the numbers along an axis, which straight lines connect."""

    x: tuple[float, ...] | None = arg(
        default=None, doc="Where the numbers stand; none is that they stand `dx` apart."
    )
    dx: float = arg(default=1.0, doc="How far apart they stand.")
    axis: int = arg(default=-1, doc="The axis.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Means of neighbours times their distances, summed."""
        y = to_float(b, operands[0])
        axis = axis_of(y, self.axis)
        size = fixed(y, axis)
        if size < 2:
            raise TypeRuleError(f"axis {axis} of {y.type} is too short for an area")
        both = b.op("add", cut(b, y, axis, 1, None), cut(b, y, axis, None, -1))
        if self.x is None:
            both = b.op("multiply", b.constant(self.dx, y.type.dtype), both)
        else:
            if len(self.x) != size:
                raise TypeRuleError(f"{len(self.x)} places do not fit axis {axis} of {y.type}")
            steps = tuple(after - before for before, after in zip(self.x, self.x[1:], strict=False))
            row = b.op("array", value=steps, dtype=y.type.dtype)
            shape = tuple(-1 if each == axis else 1 for each in range(y.type.rank))
            shape = tuple(size - 1 if each == -1 else each for each in shape)
            both = b.op("multiply", b.op("reshape", row, shape=shape), both)
        total = b.op("sum", both, axis=(axis,))
        return b.op("multiply", b.constant(0.5, y.type.dtype), total)
