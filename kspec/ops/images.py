"""Ops on images and signals: convolutions with kernels of one's own, pooling, patches."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, final

from kspec.ir import Builder, Dim, TypeRuleError, Value
from kspec.ops.base import Operation, arg, bad_size, batched, fixed, op, to_float
from kspec.registry import Example

__all__: list[str] = []


def _each(sizes: int | tuple[int, ...], count: int, name: str) -> tuple[int, ...]:
    """A size for each axis."""
    listed = (sizes,) * count if isinstance(sizes, int) else sizes
    if len(listed) != count:
        raise TypeRuleError(f"{name} has {len(listed)} numbers for {count} axes")
    return listed


def _axes(x: Value) -> int:
    """How many axes an image has beside batch and channels."""
    if x.type.rank < 3:
        raise TypeRuleError(f"{x.type} has no axes between batch and channels")
    return x.type.rank - 2


class _Convolution(Operation):
    """Windows that slide over the axes between batch and channels."""

    operands: ClassVar[int] = 2

    strides: int | tuple[int, ...] = arg(default=1, doc="Steps from place to place.")
    padding: Literal["valid", "same"] = arg(
        default="valid", doc='"same" pads with zeros, so that stride 1 keeps the size.'
    )
    dilation_rate: int | tuple[int, ...] = arg(
        default=1, doc="Distance of neighbours inside a window."
    )

    def check(self) -> str | None:
        """Steps are positive."""
        return bad_size(self.strides, "strides") or bad_size(self.dilation_rate, "dilation_rate")

    def slide(self, b: Builder, x: Value, kernel: Value, groups: int) -> Value:
        """The convolution."""
        count = _axes(x)
        return b.op(
            "conv",
            x,
            kernel,
            strides=_each(self.strides, count, "strides"),
            padding=self.padding,
            dilation=_each(self.dilation_rate, count, "dilation_rate"),
            groups=groups,
        )

    def depthwise(self, b: Builder, x: Value, kernel: Value) -> Value:
        """A window of its own for each channel, which the reshaped kernel has in groups."""
        _fits(x, kernel)
        channels, count = fixed(kernel, kernel.type.rank - 2), fixed(kernel, kernel.type.rank - 1)
        shape: tuple[Dim, ...] = (*kernel.type.shape[:-2], 1, channels * count)
        return self.slide(b, x, b.op("reshape", kernel, shape=shape), channels)


def _fits(x: Value, kernel: Value) -> None:
    _axes(x)
    if batched(kernel):
        raise TypeRuleError("a kernel is the same for every example: a weight, say")
    if kernel.type.rank != x.type.rank:
        raise TypeRuleError(f"a kernel {kernel.type} does not slide over {x.type}")


@final
@op("conv")
class Conv(_Convolution):
    """Slide a kernel [*window, channels, filters] over images [*places, channels].

    A kernel with fewer channels makes groups of channels that do not see each other.
    """

    example = Example("conv(x, ones((3, 3, 3, 4)))", x="f32[8, 8, 3]")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """A convolution."""
        x, kernel = (to_float(b, value) for value in operands)
        _fits(x, kernel)
        channels, inner = fixed(x, x.type.rank - 1), fixed(kernel, kernel.type.rank - 2)
        if channels % inner:
            raise TypeRuleError(f"{channels} channels do not divide into groups of {inner}")
        return self.slide(b, x, kernel, channels // inner)


@final
@op("depthwise_conv")
class DepthwiseConv(_Convolution):
    """Slide windows [*window, channels, count] over images, each over its own channel."""

    example = Example("depthwise_conv(x, ones((3, 3, 3, 1)))", x="f32[8, 8, 3]")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """A convolution with a group for each channel."""
        x, kernel = (to_float(b, value) for value in operands)
        return self.depthwise(b, x, kernel)


@final
@op("separable_conv")
class SeparableConv(_Convolution):
    """`depthwise_conv`, then a kernel of size 1 that mixes the channels."""

    example = Example("separable_conv(x, ones((3, 3, 3, 1)), ones((1, 1, 3, 4)))", x="f32[8, 8, 3]")

    operands: ClassVar[int] = 3

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Two convolutions."""
        x, kernel, mixing = (to_float(b, value) for value in operands)
        y = self.depthwise(b, x, kernel)
        _fits(y, mixing)
        ones = (1,) * _axes(y)
        return b.op("conv", y, mixing, strides=ones, padding="valid", dilation=ones)


class _Pool(Operation):
    """One number for each window and channel."""

    ir: ClassVar[str]

    pool_size: int | tuple[int, ...] = arg(doc="The size of a window.")
    strides: int | tuple[int, ...] | None = arg(
        default=None, doc="Steps from window to window; the window's size by default."
    )
    padding: Literal["valid", "same"] = arg(
        default="valid", doc='"same" lets windows reach over the edge.'
    )

    def check(self) -> str | None:
        """Windows and steps are positive."""
        strides = 1 if self.strides is None else self.strides
        return bad_size(self.pool_size, "pool_size") or bad_size(strides, "strides")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        x = to_float(b, operands[0])
        count = _axes(x)
        window = _each(self.pool_size, count, "pool_size")
        strides = window if self.strides is None else _each(self.strides, count, "strides")
        return b.op(self.ir, x, window=window, strides=strides, padding=self.padding)


@final
@op("max_pool")
class MaxPool(_Pool):
    """The largest element of each window."""

    example = Example("max_pool(x, 2)", x="f32[8, 8, 3]")

    ir: ClassVar[str] = "max_pool"


@final
@op("average_pool")
class AveragePool(_Pool):
    """The mean of each window; what lies over the edge is not counted."""

    example = Example("average_pool(x, 2)", x="f32[8, 8, 3]")

    ir: ClassVar[str] = "avg_pool"


def _image(x: Value) -> tuple[int, int, int]:
    if x.type.rank != 4:
        raise TypeRuleError(f"{x.type} is no batch of images [height, width, channels]")
    return fixed(x, 1), fixed(x, 2), fixed(x, 3)


class _Blocks(Operation):
    """Squares of an image traded for channels."""

    block_size: int = arg(doc="The side of a square.")

    def check(self) -> str | None:
        """Keras wants more than one pixel."""
        return None if self.block_size > 1 else "block_size must be at least 2"


@final
@op("depth_to_space")
class DepthToSpace(_Blocks):
    """Channels laid out as squares: height and width grow, channels get fewer."""

    example = Example("depth_to_space(x, 2)", x="f32[4, 4, 12]")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """A reshape, a transposition, a reshape."""
        (x,) = operands
        (rows, columns, channels), size = _image(x), self.block_size
        if channels % size**2:
            raise TypeRuleError(f"{channels} channels do not fill squares of {size}")
        batch, rest = x.type.shape[0], channels // size**2
        y = b.op("reshape", x, shape=(batch, rows, columns, size, size, rest))
        y = b.op("transpose", y, permutation=(0, 1, 3, 2, 4, 5))
        return b.op("reshape", y, shape=(batch, rows * size, columns * size, rest))


@final
@op("space_to_depth")
class SpaceToDepth(_Blocks):
    """Squares put into channels: height and width shrink, channels get more."""

    example = Example("space_to_depth(x, 2)", x="f32[8, 8, 3]")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """A reshape, a transposition, a reshape."""
        (x,) = operands
        (rows, columns, channels), size = _image(x), self.block_size
        if rows % size or columns % size:
            raise TypeRuleError(f"{rows} times {columns} does not divide into squares of {size}")
        batch, high, wide = x.type.shape[0], rows // size, columns // size
        y = b.op("reshape", x, shape=(batch, high, size, wide, size, channels))
        y = b.op("transpose", y, permutation=(0, 1, 3, 2, 4, 5))
        return b.op("reshape", y, shape=(batch, high, wide, channels * size**2))


class _Patches(Operation):
    """Windows of images whose channels stand first, as in PyTorch and in Keras' op."""

    def check(self) -> str | None:
        """Sizes and steps are positive."""
        for each in self.args:
            least = 0 if each.name == "padding" else 1
            message = bad_size(getattr(self, each.name), each.name, least)
            if message is not None:
                return message
        return None

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops, its arguments as pairs."""
        attrs: dict[str, Any] = {
            each.name: _each(getattr(self, each.name), 2, each.name) for each in self.args
        }
        return b.op(self.name, to_float(b, operands[0]), **attrs)


@final
@op("unfold")
class Unfold(_Patches):
    """Each window of an image [channels, height, width] as a column."""

    example = Example("unfold(x, 2)", x="f32[3, 8, 8]")

    kernel_size: int | tuple[int, int] = arg(doc="Height and width of a window.")
    dilation: int | tuple[int, int] = arg(default=1, doc="Distance of neighbours in a window.")
    padding: int | tuple[int, int] = arg(default=0, doc="Zeros around the image.")
    stride: int | tuple[int, int] = arg(default=1, doc="Steps from window to window.")


@final
@op("fold")
class Fold(_Patches):
    """Columns put back as windows of an image [channels, height, width], and added up."""

    example = Example("fold(unfold(x, 2), (8, 8), 2)", x="f32[3, 8, 8]")

    output_size: int | tuple[int, int] = arg(doc="Height and width of the image.")
    kernel_size: int | tuple[int, int] = arg(doc="Height and width of a window.")
    dilation: int | tuple[int, int] = arg(default=1, doc="Distance of neighbours in a window.")
    padding: int | tuple[int, int] = arg(default=0, doc="Zeros around the image.")
    stride: int | tuple[int, int] = arg(default=1, doc="Steps from window to window.")


@final
@op("extract_sequences")
class ExtractSequences(Operation):
    """Stretches of the last axis, one behind the other or overlapping, on a new axis."""

    example = Example("extract_sequences(x, 10, 5)", x="f32[100]")

    sequence_length: int = arg(doc="How long each is.")
    sequence_stride: int = arg(doc="From the start of one to the start of the next.")

    def check(self) -> str | None:
        """Lengths and steps are positive."""
        return bad_size((self.sequence_length, self.sequence_stride), "lengths and strides")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """A lookup of all places at once."""
        (x,) = operands
        axis = x.type.rank - 1
        if axis < int(batched(x)):
            raise TypeRuleError(f"an example of {x.type} is a single number")
        size, step = fixed(x, axis), self.sequence_stride
        if size < self.sequence_length:
            raise TypeRuleError(f"{size} elements are fewer than {self.sequence_length}")
        starts = b.op("arange", start=0, stop=size - self.sequence_length + 1, step=step)
        within = b.op("arange", start=0, stop=self.sequence_length, step=1)
        places = b.op("add", b.op("expand_dims", starts, axis=1), within)
        return b.op("gather", x, places, axis=axis)
