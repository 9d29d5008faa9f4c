"""Ops that make tensors of numbers alone. These are the same for every example.

They have no batch axis. Arithmetic brings them to each example; a model's output must
depend on an input.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, TypeAlias, cast, final

from kspec.ir import Attr, Builder, Value
from kspec.ops.base import Operation, arg, bad_size, op
from kspec.registry import Example

__all__: list[str] = []

Row: TypeAlias = tuple[int, ...] | tuple[float, ...]
Table: TypeAlias = tuple[tuple[int, ...], ...] | tuple[tuple[float, ...], ...]
Box: TypeAlias = tuple[tuple[tuple[float, ...], ...], ...]


class _Making(Operation):
    """A tensor made of arguments."""

    operands: ClassVar[int] = 0


@final
@op("array")
class Array(_Making):
    """Numbers, or rows of them, as a tensor: `array([0.3, 0.6, 0.1])`."""

    example = Example("x + array([1, 2, 3, 4, 5, 6])", x="f32[5, 6]")

    x: int | float | Row | Table | Box = arg(doc="The numbers.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Integers as i32, others as f32."""
        whole = all(isinstance(each, int) for each in _numbers(self.x))
        return b.op("array", value=cast("Attr", self.x), dtype="i32" if whole else "f32")


def _numbers(value: object) -> Iterable[object]:
    if not isinstance(value, tuple):
        yield value
        return
    for item in cast("tuple[object, ...]", value):
        yield from _numbers(item)


class _Full(_Making):
    """One number everywhere."""

    number: ClassVar[float]

    shape: int | tuple[int, ...] = arg(doc="The axes.")

    def check(self) -> str | None:
        """Axes have elements."""
        return bad_size(self.shape, "shape")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        return b.op("full", shape=_listed(self.shape), value=self.number)


def _listed(shape: int | tuple[int, ...]) -> tuple[int, ...]:
    return (shape,) if isinstance(shape, int) else shape


@final
@op("zeros")
class Zeros(_Full):
    """All 0."""

    example = Example("x + zeros((5, 6))", x="f32[5, 6]")

    number: ClassVar[float] = 0.0


@final
@op("ones")
class Ones(_Full):
    """All 1."""

    example = Example("x + ones((5, 6))", x="f32[5, 6]")

    number: ClassVar[float] = 1.0


@final
@op("full")
class Full(_Making):
    """One number everywhere."""

    example = Example("x + full((5, 6), 0.5)", x="f32[5, 6]")

    shape: int | tuple[int, ...] = arg(doc="The axes.")
    fill_value: float = arg(doc="The number.")

    def check(self) -> str | None:
        """Axes have elements."""
        return bad_size(self.shape, "shape")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        return b.op("full", shape=_listed(self.shape), value=self.fill_value)


class _Like(Operation):
    """One number in the shape and the element type of a tensor."""

    def like(self, b: Builder, x: Value, number: float) -> Value:
        """Write the op in IR ops."""
        value = number if x.type.is_float else int(number)
        return b.op("full_like", x, value=bool(number) if x.type.dtype == "bool" else value)


@final
@op("zeros_like")
class ZerosLike(_Like):
    """All 0, in the shape of a tensor."""

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        return self.like(b, operands[0], 0.0)


@final
@op("ones_like")
class OnesLike(_Like):
    """All 1, in the shape of a tensor."""

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        return self.like(b, operands[0], 1.0)


@final
@op("full_like")
class FullLike(_Like):
    """One number everywhere, in the shape of a tensor."""

    example = Example("x + full_like(x, 0.5)", x="f32[5, 6]")

    fill_value: float = arg(doc="The number.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        return self.like(b, operands[0], self.fill_value)


@final
@op("arange")
class Arange(_Making):
    """Numbers in equal steps: 0, 1, 2, ... up to, not including, `stop`."""

    example = Example("x + arange(6)", x="f32[5, 6]")

    start: int | float = arg(doc="The first number; without `stop` the end, and 0 is the first.")
    stop: int | float | None = arg(default=None, doc="The end, which is not reached.")
    step: int | float | None = arg(default=None, doc="The step; none is 1.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Integers as i32, others as f32."""
        start, stop = (0, self.start) if self.stop is None else (self.start, self.stop)
        step = 1 if self.step is None else self.step
        whole = all(isinstance(each, int) for each in (start, stop, step))
        dtype = "i32" if whole else "f32"
        return b.op("arange", start=start, stop=stop, step=step, dtype=dtype)


class _Space(_Making):
    """A number of numbers from one to another."""

    start: int | float = arg(doc="The first.")
    stop: int | float = arg(doc="The last.")
    num: int = arg(default=50, doc="How many.")
    endpoint: bool = arg(default=True, doc="Whether `stop` is one of them.")

    def check(self) -> str | None:
        """There is at least one."""
        return bad_size(self.num, "num")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        attrs: dict[str, Any] = {each.name: getattr(self, each.name) for each in self.args}
        return b.op(self.name, **attrs)


@final
@op("linspace")
class LinSpace(_Space):
    """Numbers the same distance apart."""

    example = Example("x * linspace(0, 1, num=6)", x="f32[5, 6]")


@final
@op("logspace")
class LogSpace(_Space):
    """Powers of a base whose exponents are the same distance apart."""

    example = Example("x * logspace(0, 2, num=6)", x="f32[5, 6]")

    base: float = arg(default=10, doc="The base.")


@final
@op("geomspace")
class GeomSpace(_Space):
    """Numbers each the same multiple of the one before."""

    example = Example("x * geomspace(1, 32, num=6)", x="f32[5, 6]")

    def check(self) -> str | None:
        """There is no way over 0."""
        if self.start * self.stop <= 0:
            return "start and stop must have the same sign, and not be 0"
        return super().check()


class _Matrix(_Making):
    """A matrix of zeros and ones."""

    N: int = arg(doc="The number of rows.")
    M: int | None = arg(default=None, doc="The number of columns; by default as many as rows.")
    k: int = arg(default=0, doc="Which diagonal: 0 the main one, above it positive.")

    def check(self) -> str | None:
        """Axes have elements."""
        return bad_size((self.N, self.N if self.M is None else self.M), "N and M")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        columns = self.N if self.M is None else self.M
        return b.op(self.name, N=self.N, M=columns, k=self.k)


@final
@op("eye")
class Eye(_Matrix):
    """1 on a diagonal and 0 elsewhere."""

    example = Example("x + eye(5)", x="f32[5, 5]")


@final
@op("tri")
class Tri(_Matrix):
    """1 up to a diagonal and 0 above it."""

    example = Example("x * tri(5)", x="f32[5, 5]")
