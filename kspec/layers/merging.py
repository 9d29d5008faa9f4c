"""Layers that make one tensor of several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, final

from kspec.ir import Builder, TensorType, Value
from kspec.layers.base import Layer, Masked, Named, arg, layer, to_float
from kspec.layers.masks import either, of_elements
from kspec.registry import Example


class _Elementwise(Layer):
    """A rule applied from left to right, element by element.

    Tensors with fewer axes get axes of size 1 behind the batch; then sizes of 1 repeat. A
    time step of the result counts if it counts for one of the tensors; all count if one of
    the tensors has no mask.
    """

    shape = "*batch -> *batch"
    variadic = True
    masking = "uses"
    op: ClassVar[str]

    def apply(
        self,
        b: Builder,
        operands: tuple[Masked, ...],
        weights: Mapping[str, Value],
        named: Named,
    ) -> tuple[Masked, ...]:
        """The tensors with as many axes each, merged, and their masks."""
        merged = self.merge(b, _aligned(b, operands))
        return (Masked(merged, either(b, [operand.mask for operand in operands])),)

    def merge(self, b: Builder, operands: tuple[Masked, ...]) -> Value:
        """One op for each operand after the first."""
        total = operands[0].value
        for operand in operands[1:]:
            total = b.op(self.op, total, operand.value)
        return total


def _aligned(b: Builder, operands: tuple[Masked, ...]) -> tuple[Masked, ...]:
    """The tensors with as many axes, and floats where one has floats."""
    rank = max(operand.value.type.rank for operand in operands)
    floats = any(operand.value.type.is_float for operand in operands)
    aligned: list[Masked] = []
    for operand in operands:
        value, mask = operand.value, operand.mask
        if floats:
            value = to_float(b, value)
        while value.type.rank < rank:
            value, mask = b.op("expand_dims", value, axis=1), None
        aligned.append(Masked(value, mask))
    return tuple(aligned)


@final
@layer("add")
class Add(_Elementwise):
    """Add tensors element by element."""

    op = "add"


@final
@layer("subtract")
class Subtract(_Elementwise):
    """Subtract the second of two tensors from the first, element by element."""

    shape = "*left, *right -> *left"
    variadic = False
    op = "subtract"


@final
@layer("multiply")
class Multiply(_Elementwise):
    """Multiply tensors element by element; a masked time step counts as 1."""

    op = "multiply"

    def merge(self, b: Builder, operands: tuple[Masked, ...]) -> Value:
        """A product; what no tensor has is 0."""
        total: Value | None = None
        for operand in operands:
            value = operand.value
            if operand.mask is not None:
                mask = of_elements(b, operand.mask, value)
                value = b.op("select", mask, value, _number(b, 1, value))
            total = value if total is None else b.op("multiply", total, value)
        assert total is not None
        mask = either(b, [operand.mask for operand in operands])
        if mask is None:
            return total
        return b.op("select", of_elements(b, mask, total), total, _number(b, 0, total))


def _number(b: Builder, number: int, like: Value) -> Value:
    return b.constant(float(number) if like.type.is_float else number, like.type.dtype)


@final
@layer("average")
class Average(_Elementwise):
    """Take the mean of tensors element by element."""

    op = "add"

    def merge(self, b: Builder, operands: tuple[Masked, ...]) -> Value:
        """A sum, divided."""
        total = to_float(b, super().merge(b, operands))
        return b.op("divide", total, b.constant(float(len(operands)), total.type.dtype))


class _Extreme(_Elementwise):
    """The largest or smallest of elements at one place that are not masked."""

    def merge(self, b: Builder, operands: tuple[Masked, ...]) -> Value:
        """Where one side is masked, both are the other."""
        total, known = operands[0].value, operands[0].mask
        for operand in operands[1:]:
            value = operand.value
            if operand.mask is not None:
                value = b.op("select", of_elements(b, operand.mask, value), value, total)
            if known is not None:
                total = b.op("select", of_elements(b, known, total), total, value)
            known = either(b, [known, operand.mask])
            total = b.op(self.op, total, value)
        return total


@final
@layer("maximum")
class Maximum(_Extreme):
    """Keep the largest element at each place; masked time steps do not take part."""

    op = "maximum"


@final
@layer("minimum")
class Minimum(_Extreme):
    """Keep the smallest element at each place; masked time steps do not take part."""

    op = "minimum"


@final
@layer("concatenate")
class Concatenate(Layer):
    """Put tensors side by side along an axis, and masks along the axis of time."""

    shape = "*batch -> *batch"
    variadic = True
    masking = "uses"

    axis: int = arg(default=-1, doc="The axis along which they stand.")

    def misfit(self, *operands: TensorType) -> str | None:
        """The axis must be there, and not be the batch."""
        rank = operands[0].rank
        if not -rank < self.axis < rank or self.axis % rank == 0:
            return f"{operands[0]} has no axis {self.axis} to concatenate along"
        return None

    def apply(
        self,
        b: Builder,
        operands: tuple[Masked, ...],
        weights: Mapping[str, Value],
        named: Named,
    ) -> tuple[Masked, ...]:
        """One op, and one for the masks."""
        values = [operand.value for operand in operands]
        if any(value.type.is_float for value in values):
            values = [to_float(b, value) for value in values]
        axis = self.axis % values[0].type.rank
        return (Masked(b.op("concatenate", *values, axis=axis), self._mask(b, operands, axis)),)

    def _mask(self, b: Builder, operands: tuple[Masked, ...], axis: int) -> Value | None:
        masks = [operand.mask for operand in operands]
        if axis != 1 or not any(masks):
            return either(b, masks)
        hint = next(mask.hint for mask in masks if mask is not None)
        each = [
            b.op("ones_mask", operand.value, hint=hint) if mask is None else mask
            for operand, mask in zip(operands, masks, strict=True)
        ]
        return b.op("concatenate", *each, axis=1, hint=hint)


@final
@layer("dot")
class Dot(Layer):
    """Sum the products of two tensors along one axis of each, example by example.

    With `normalize` the vectors along those axes get length 1 first, so that the result is
    their cosine. Two vectors give one number, as an axis of size 1.
    """

    example = Example("(x1, x2) -> dot(1)", x1="f32[6]", x2="f32[6]")

    shape = "batch *left, batch *right -> batch *rest"
    masking = "uses"

    axes: int | tuple[int, int] = arg(doc="The axis of both, or of each.")
    normalize: bool = arg(default=False, doc="Whether vectors get length 1 first.")

    def _axes(self, types: tuple[TensorType, ...]) -> tuple[int, ...]:
        axes = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        return tuple(
            axis % x.rank if -x.rank <= axis < x.rank else 0
            for axis, x in zip(axes, types, strict=True)
        )

    def misfit(self, *operands: TensorType) -> str | None:
        """Both axes are there, are not the batch, and have one size."""
        axes = self._axes(operands)
        for axis, x in zip(axes, operands, strict=True):
            if axis == 0:
                return f"{x} has no axis {self.axes} to sum along"
        left, right = (x.shape[axis] for axis, x in zip(axes, operands, strict=True))
        return None if left == right else f"axes of {left} and {right} do not sum up together"

    def apply(
        self,
        b: Builder,
        operands: tuple[Masked, ...],
        weights: Mapping[str, Value],
        named: Named,
    ) -> tuple[Masked, ...]:
        """An equation; no mask is left."""
        values = [to_float(b, operand.value) for operand in operands]
        axes = self._axes(tuple(value.type for value in values))
        if self.normalize:
            values = [
                b.op("unit_norm", value, axis=(axis,), epsilon=1e-7)
                for value, axis in zip(values, axes, strict=True)
            ]
        letters = iter("cdefghijklmnopqrstuvwxyz")
        terms: list[str] = []
        for value, axis in zip(values, axes, strict=True):
            rest = ["b"] + [next(letters) for _ in range(value.type.rank - 1)]
            rest[axis] = "a"
            terms.append("".join(rest))
        result = "b" + "".join(term[1:].replace("a", "") for term in terms)
        y = b.op("einsum", *values, equation=f"{','.join(terms)}->{result}")
        return (Masked(b.op("expand_dims", y, axis=1) if y.type.rank == 1 else y),)
