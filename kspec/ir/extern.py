"""The type of a function of a Python file: what it takes of one example, and what it gives.

    f32[..., D], f32[D] -> f32[..., D]

A name is a size, the same wherever it is; `...` is any number of axes, the same wherever it is.
"""

from __future__ import annotations

import re
from typing import Final, Self, TypeAlias

from kspec.diagnostics.record import Node
from kspec.ir.rules import Types, require
from kspec.ir.types import BATCH, JAX_DTYPES, Dim, Shape, TensorType

Sizes: TypeAlias = dict[str, Shape]
ANY: Final = "..."
_TYPE: Final = re.compile(r"(\w+)\[([^\[\]]*)\](?:, )?")


class Pattern(Node):
    """`f32[..., D]`: an element type, and axes that are numbers, names, or `...`."""

    dtype: str
    axes: Shape

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(map(str, self.axes))}]"

    def match(self, type: TensorType, sizes: Sizes) -> bool:
        """Whether a type fits; notes in `sizes` what names and `...` stand for."""
        axes, actual = self.axes, type.shape
        if self.dtype != type.dtype:
            return False
        if ANY in axes:
            cut = axes.index(ANY)
            end = len(actual) - (len(axes) - cut - 1)
            if end < cut or sizes.setdefault(ANY, actual[cut:end]) != actual[cut:end]:
                return False
            axes, actual = (*axes[:cut], *axes[cut + 1 :]), (*actual[:cut], *actual[end:])
        if len(axes) != len(actual):
            return False
        pairs = zip(axes, actual, strict=True)
        return all(
            want == got if isinstance(want, int) else sizes.setdefault(want, (got,)) == (got,)
            for want, got in pairs
        )

    def filled(self, sizes: Sizes) -> TensorType:
        """The type that it is with those sizes."""
        axes: list[Dim] = []
        for axis in self.axes:
            axes += (axis,) if isinstance(axis, int) else sizes[axis]
        return TensorType(self.dtype, tuple(axes))


class ExternType(Node):
    """What a function takes of one example, and what it gives."""

    operands: tuple[Pattern, ...]
    results: tuple[Pattern, ...]

    def __str__(self) -> str:
        sides = (", ".join(map(str, side)) for side in (self.operands, self.results))
        return " -> ".join(sides)

    @classmethod
    def read(cls, text: str) -> Self:
        """The type that a text shows. Raises ValueError where it shows none."""
        left, arrow, right = text.partition(" -> ")
        sides = (_patterns(left), _patterns(right))
        type = cls(*sides)
        if not arrow or not all(sides) or str(type) != text:
            raise ValueError(f"{text!r} is no type of a function")
        return type

    @property
    def free(self) -> set[str]:
        """What stands in results and in no operand, so that nothing says what it is."""
        left, right = (
            {axis for each in side for axis in each.axes if isinstance(axis, str)}
            for side in (self.operands, self.results)
        )
        return right - left

    def infer(self, types: Types) -> Types:
        """The types of the results for one example. Raises TypeRuleError."""
        count = len(self.operands)
        require(len(types) == count, f"it takes {count} operands, not {len(types)}")
        sizes: Sizes = {}
        for pattern, type in zip(self.operands, types, strict=True):
            require(pattern.match(type, sizes), f"it takes {pattern}, not {type}")
        return tuple(pattern.filled(sizes) for pattern in self.results)

    def infer_batch(self, types: Types) -> Types:
        """The types of the results for a batch: they have its axis if any operand has."""
        results = self.infer(tuple(map(of_example, types)))
        batches = {batch for type in types if (batch := batch_of(type)) is not None}
        require(len(batches) < 2, "its operands are of several batches")
        return tuple(type.with_shape((*batches, *type.shape)) for type in results)


def of_example(type: TensorType) -> TensorType:
    """The type without the batch axis. Raises TypeRuleError where that is not the first one."""
    shape = type.shape if batch_of(type) is None else type.shape[1:]
    require(not any(map(_is_batch, shape)), f"the batch must be the first axis of {type}")
    return type.with_shape(shape)


def batch_of(type: TensorType) -> Dim | None:
    """The batch axis of a type: `B`, or `2B` where two calls are one; None where it has none."""
    return type.shape[0] if type.shape and _is_batch(type.shape[0]) else None


def _is_batch(axis: Dim) -> bool:
    return isinstance(axis, str) and axis.lstrip("0123456789") == BATCH


def _patterns(text: str) -> tuple[Pattern, ...]:
    """The types of one side. Raises ValueError."""
    found: list[Pattern] = []
    for dtype, inside in _TYPE.findall(text):
        if dtype not in JAX_DTYPES:
            raise ValueError(f"there is no element type {dtype}")
        axes = (axis for axis in inside.split(", ") if axis)
        found.append(Pattern(dtype, tuple(int(a) if a.isdecimal() else a for a in axes)))
    return tuple(found)
