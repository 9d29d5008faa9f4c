"""Products of tensors: sums over axes that they share.

What Keras does to whole arrays is done to each example by itself, with the weights or the
same example of the other tensor.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import ClassVar, final

from kspec.ir import Builder, TypeRuleError, Value
from kspec.ops.base import (
    Operation,
    arg,
    axis_of,
    batched,
    example_axes,
    fixed,
    flat,
    in_order,
    op,
    to_float,
)
from kspec.registry import Example

__all__: list[str] = []


class _Product(Operation):
    """A product of two tensors; integers become f32 first."""

    operands: ClassVar[int] = 2

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        x1, x2 = (to_float(b, x) for x in operands)
        return self.product(b, x1, x2)

    def product(self, b: Builder, x1: Value, x2: Value) -> Value:
        """Write the product of floats."""
        raise NotImplementedError


@final
@op("matmul")
class MatMul(_Product):
    """The product of the matrices on the last two axes; `x1 @ x2` is the same."""

    example = Example("matmul(x1, x2)", x1="f32[5, 6]", x2="f32[6, 4]")

    def product(self, b: Builder, x1: Value, x2: Value) -> Value:
        """Write the op."""
        return b.op("matmul", x1, x2)


def contract(b: Builder, x1: Value, x2: Value, axes1: Sequence[int], axes2: Sequence[int]) -> Value:
    """The sum over pairs of axes; what is left of x1 stands before what is left of x2."""
    if x1.type.rank + x2.type.rank >= len(string.ascii_letters):
        raise TypeRuleError(f"{x1.type} and {x2.type} have more axes than there are letters")
    letters = iter(string.ascii_letters[1:])
    first = ["a" if batched(x1) and axis == 0 else next(letters) for axis in range(x1.type.rank)]
    second = ["a" if batched(x2) and axis == 0 else "" for axis in range(x2.type.rank)]
    for one, other in zip(axes1, axes2, strict=True):
        if x1.type.shape[one] != x2.type.shape[other]:
            raise TypeRuleError(
                f"axis {one} of {x1.type} and axis {other} of {x2.type} differ in size"
            )
        second[other] = first[one]
    second = [letter or next(letters) for letter in second]
    batch = ["a"] if batched(x1) or batched(x2) else []
    left = [letter for axis, letter in enumerate(first) if axis not in axes1 and letter != "a"]
    right = [letter for axis, letter in enumerate(second) if axis not in axes2 and letter != "a"]
    result = "".join([*batch, *left, *right])
    return b.op("einsum", x1, x2, equation=f"{''.join(first)},{''.join(second)}->{result}")


@final
@op("dot")
class Dot(_Product):
    """The sum over the last axis of the first and the last but one of the second.

    Of two rows it is one number. A tensor without axes scales the other.
    """

    example = Example("dot(x1, x2)", x1="f32[5, 6]", x2="f32[6, 4]")

    def product(self, b: Builder, x1: Value, x2: Value) -> Value:
        """A product, or a sum of products."""
        axes1, axes2 = example_axes(x1), example_axes(x2)
        if not axes1 or not axes2:
            return b.op("multiply", *_aligned(b, x1, x2))
        return contract(b, x1, x2, axes1[-1:], axes2[-2:][:1])


@final
@op("inner")
class Inner(_Product):
    """The sum over the last axis of both."""

    def product(self, b: Builder, x1: Value, x2: Value) -> Value:
        """A product, or a sum of products."""
        axes1, axes2 = example_axes(x1), example_axes(x2)
        if not axes1 or not axes2:
            return b.op("multiply", *_aligned(b, x1, x2))
        return contract(b, x1, x2, axes1[-1:], axes2[-1:])


@final
@op("vdot")
class VDot(_Product):
    """The sum of the products of all elements of an example."""

    def product(self, b: Builder, x1: Value, x2: Value) -> Value:
        """A sum of products of rows."""
        rows = [_row(b, x) for x in (x1, x2)]
        axes = [[row.type.rank - 1] for row in rows]
        return contract(b, rows[0], rows[1], *axes)


@final
@op("outer")
class Outer(_Product):
    """The product of each element of one with each of the other, as a matrix."""

    def product(self, b: Builder, x1: Value, x2: Value) -> Value:
        """A product of rows."""
        return contract(b, _row(b, x1), _row(b, x2), (), ())


def _row(b: Builder, x: Value) -> Value:
    """Each example as one row; a single number as a row of one."""
    return flat(b, x) if example_axes(x) else b.op("expand_dims", x, axis=x.type.rank)


def _aligned(b: Builder, x1: Value, x2: Value) -> tuple[Value, Value]:
    """Single numbers with as many axes as the other, so that each meets its own example."""
    pair = [x1, x2]
    for place, other in ((0, x2), (1, x1)):
        while batched(pair[place]) and pair[place].type.rank < other.type.rank:
            pair[place] = b.op("expand_dims", pair[place], axis=pair[place].type.rank)
    return pair[0], pair[1]


@final
@op("tensordot")
class TensorDot(_Product):
    """The sum over pairs of axes, one of each tensor."""

    example = Example("tensordot(x1, x2, axes=1)", x1="f32[5, 6]", x2="f32[6, 4]")

    axes: int | tuple[int, int] | tuple[tuple[int, ...], tuple[int, ...]] = arg(
        default=2,
        doc="How many: the last of the first, and the first of the second one's examples; or "
        "which of the first, and which of the second, with the batch as axis 0.",
    )

    def check(self) -> str | None:
        """A number of axes, or as many of one as of the other."""
        if isinstance(self.axes, int):
            return None if self.axes >= 0 else "axes must be at least 0"
        first, second = map(_listed, self.axes)
        return None if len(first) == len(second) else "axes must be as many of one as of the other"

    def product(self, b: Builder, x1: Value, x2: Value) -> Value:
        """A sum of products."""
        if not isinstance(self.axes, int):
            first, second = map(_listed, self.axes)
            return contract(b, x1, x2, in_order(x1, first), in_order(x2, second))
        axes1, axes2 = example_axes(x1), example_axes(x2)
        if self.axes > min(len(axes1), len(axes2)):
            raise TypeRuleError(f"{x1.type} and {x2.type} have not {self.axes} axes an example")
        return contract(b, x1, x2, axes1[len(axes1) - self.axes :], axes2[: self.axes])


def _listed(axes: int | tuple[int, ...]) -> tuple[int, ...]:
    return (axes,) if isinstance(axes, int) else axes


@final
@op("einsum")
class Einsum(Operation):
    """The sum of products that an equation names: `einsum("bij,bjk->bik", x, y)`.

    A letter stands for an axis, `...` for any number of them. Axes whose letter is not right of
    the arrow are summed. The batch has the first letter of each tensor that has a batch, and
    of the result.
    """

    example = Example('einsum("bij,bjk->bik", x1, x2)', x1="f32[5, 6]", x2="f32[6, 4]")

    variadic: ClassVar[bool] = True

    subscripts: str = arg(doc="The equation; it may stand before the tensors, as in Keras.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        equation = "".join(self.subscripts.split())
        left, arrow, right = equation.partition("->")
        terms = left.split(",")
        if not arrow:
            raise TypeRuleError(f'write what "{equation}" gives: "{equation}->..."')
        if len(terms) != len(operands):
            raise TypeRuleError(f'"{equation}" is for {len(terms)} tensors, not {len(operands)}')
        for term, x in zip(terms, operands, strict=True):
            if batched(x) and term[:1] != right[:1]:
                raise TypeRuleError(
                    f'the batch axis of {x.type} is "{term[:1]}", and must be the first of '
                    f'"{right}": examples do not mix'
                )
        return b.op("einsum", *(to_float(b, x) for x in operands), equation=equation)


@final
@op("cross")
class Cross(_Product):
    """The vector at right angles to two of 3 elements; of two of 2 elements, its height."""

    example = Example("cross(x1, x2)", x1="f32[3]", x2="f32[3]")

    axisa: int = arg(default=-1, doc="The axis of the first one's vectors.")
    axisb: int = arg(default=-1, doc="The axis of the second one's vectors.")
    axisc: int = arg(default=-1, doc="The axis of the result's vectors.")
    axis: int | None = arg(default=None, doc="All three at once.")

    def product(self, b: Builder, x1: Value, x2: Value) -> Value:
        """The op on the last axes."""
        one, two, three = (self.axisa, self.axisb, self.axisc)
        if self.axis is not None:
            one = two = three = self.axis
        first, second = _last(b, x1, one), _last(b, x2, two)
        result = b.op("cross", first, second)
        planar = first.type.shape[-1] == second.type.shape[-1] == 2
        return result if planar else _to(b, result, axis_of(result, three))


def _last(b: Builder, x: Value, axis: int) -> Value:
    """The axis moved behind the others."""
    axis = axis_of(x, axis)
    order = [each for each in range(x.type.rank) if each != axis]
    return x if axis == x.type.rank - 1 else b.op("transpose", x, permutation=(*order, axis))


def _to(b: Builder, x: Value, axis: int) -> Value:
    """The last axis moved to a place."""
    last = x.type.rank - 1
    order = [*range(axis), last, *range(axis, last)]
    return x if axis == last else b.op("transpose", x, permutation=tuple(order))


@final
@op("kron")
class Kron(_Product):
    """The second tensor once for each element of the first, times that element."""

    def product(self, b: Builder, x1: Value, x2: Value) -> Value:
        """Products of all with all, and a reshape that puts pairs of axes into one."""
        first, second = self._pair(b, x1, x2)
        axes1, axes2 = example_axes(first), example_axes(second)
        count = len(axes1)
        both = contract(b, first, second, (), ())
        start = int(batched(both))
        order = [start + i + side * count for i in range(count) for side in (0, 1)]
        sizes = [
            fixed(first, one) * fixed(second, two) for one, two in zip(axes1, axes2, strict=True)
        ]
        mixed = b.op("transpose", both, permutation=(*range(start), *order))
        return b.op("reshape", mixed, shape=(*both.type.shape[:start], *sizes))

    def _pair(self, b: Builder, x1: Value, x2: Value) -> tuple[Value, Value]:
        """Both with as many axes an example, new ones of size 1 before the others."""
        most = max(len(example_axes(x1)), len(example_axes(x2)))
        pair = [x1, x2]
        for place, x in enumerate((x1, x2)):
            for _ in range(most - len(example_axes(x))):
                pair[place] = b.op("expand_dims", pair[place], axis=int(batched(x)))
        return pair[0], pair[1]


@final
@op("cdist")
class CDist(_Product):
    """The distance of each row of the first from each row of the second."""

    def product(self, b: Builder, x1: Value, x2: Value) -> Value:
        """Differences of all pairs, and their lengths."""
        for x in (x1, x2):
            if len(example_axes(x)) < 2:
                raise TypeRuleError(f"an example of {x.type} has no rows")
        left = b.op("expand_dims", x1, axis=x1.type.rank - 1)
        right = b.op("expand_dims", x2, axis=x2.type.rank - 2)
        difference = b.op("subtract", left, right)
        squares = b.op("multiply", difference, difference)
        total = b.op("sum", squares, axis=(difference.type.rank - 1,))
        return b.op("sqrt", total)
