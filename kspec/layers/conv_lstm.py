"""Long short-term memories whose products are convolutions."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, final

from kspec.ir import OPS, Builder, Shape, TensorType, Value
from kspec.layers.base import arg, layer, repeat
from kspec.layers.cells import Cell
from kspec.layers.convolution import stride_or_dilate
from kspec.layers.recurrent import CellLayer
from kspec.layers.recurrent_cells import MemoryCell
from kspec.layers.spatial import Sizes, bad_sizes, rank_of


class _ConvLSTMCell(MemoryCell):
    """One step: the states are images, and kernels slide over them and over the inputs.

    The kernel of the state moves by 1 and pads, so that states keep their size.
    """

    filters: int = arg(doc="Channels of the states and of the output.")
    kernel_size: Sizes = arg(doc="Size of both kernels, one number or one an axis.")
    strides: Sizes = arg(default=1, doc="Steps of the inputs' kernel from place to place.")
    padding: Literal["valid", "same"] = arg(
        default="valid", doc='"same" pads inputs with zeros, so that stride 1 keeps the size.'
    )
    dilation_rate: Sizes = arg(
        default=1, doc="Distance of neighbors inside the inputs' kernel, not the state's."
    )

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.units = self.filters

    def check(self) -> str | None:
        """Sizes are positive, strides and dilation exclude each other, something is left."""
        if self.filters < 1:
            return "filters must be at least 1"
        bad = bad_sizes(self, "kernel_size", "strides", "dilation_rate")
        return bad or stride_or_dilate(self.strides, self.dilation_rate) or super().check()

    def _window(self) -> tuple[int, ...]:
        return repeat(self.kernel_size, rank_of(self))

    def kernel_shapes(self, wide: int) -> tuple[str, str]:
        """Windows over the channels of the inputs, and over those of the state."""
        window = " ".join(map(str, self._window()))
        return f"{window} channels {wide}", f"{window} {self.filters} {wide}"

    def state_shapes(self, step: Shape) -> tuple[Shape, ...]:
        """Both states have a place for each of the inputs' windows. Raises TypeRuleError."""
        types = (
            TensorType("f32", step),
            TensorType("f32", (*self._window(), step[-1], self.filters)),
        )
        (result,) = OPS["conv"].infer(types, self._moves())
        return (result.shape, result.shape)

    def _moves(self) -> dict[str, Any]:
        rank = rank_of(self)
        return {
            "strides": repeat(self.strides, rank),
            "padding": self.padding,
            "dilation": repeat(self.dilation_rate, rank),
            "groups": 1,
        }

    def draws(self) -> int:
        """Each gate has its own draw for the inputs, as in Keras."""
        return self.gates

    def product(self, b: Builder, x: Value, kernel: Value) -> Value:
        """A convolution; over many steps a single one, whose batch is all of them."""

        def each(step: Value) -> list[Value]:
            return [b.op("conv", step, kernel, **self._moves())]

        many = x.type.rank > kernel.type.rank
        return b.map(each, [x], 0, hints=[x.hint])[0] if many else each(x)[0]

    def state_product(self, b: Builder, h: Value, kernel: Value) -> Value:
        """A convolution that keeps the size."""
        ones = (1,) * rank_of(self)
        return b.op("conv", h, kernel, strides=ones, padding="same", dilation=ones)


class _LineCell(_ConvLSTMCell):
    """Over lines."""

    shape = "batch steps channels -> batch places filters"


class _ImageCell(_ConvLSTMCell):
    """Over images."""

    shape = "batch height width channels -> batch rows columns filters"


class _VolumeCell(_ConvLSTMCell):
    """Over volumes."""

    shape = "batch depth height width channels -> batch planes rows columns filters"


@final
@layer("conv_lstm1d")
class ConvLSTM1D(CellLayer):
    """A long short-term memory of lines, whose products are convolutions.

    i, f, o = gates of conv(x, kernel) + conv(h, recurrent_kernel) + bias, in the order i, f, c, o
    c = f * c + i * activation(...);  h = o * activation(c)

    The inputs of all steps go through one convolution, before the loop. The states are h and c.
    Source: Shi et al., 2015.
    """

    shape = "batch time steps channels -> batch places filters"
    cell_class: ClassVar[type[Cell]] = _LineCell


@final
@layer("conv_lstm2d")
class ConvLSTM2D(CellLayer):
    """A long short-term memory of images, whose products are convolutions.

    i, f, o = gates of conv(x, kernel) + conv(h, recurrent_kernel) + bias, in the order i, f, c, o
    c = f * c + i * activation(...);  h = o * activation(c)

    The inputs of all steps go through one convolution, before the loop. The states are h and c.
    Source: Shi et al., 2015.
    """

    shape = "batch time height width channels -> batch rows columns filters"
    cell_class: ClassVar[type[Cell]] = _ImageCell


@final
@layer("conv_lstm3d")
class ConvLSTM3D(CellLayer):
    """A long short-term memory of volumes, whose products are convolutions.

    i, f, o = gates of conv(x, kernel) + conv(h, recurrent_kernel) + bias, in the order i, f, c, o
    c = f * c + i * activation(...);  h = o * activation(c)

    The inputs of all steps go through one convolution, before the loop. The states are h and c.
    Source: Shi et al., 2015.
    """

    shape = "batch time depth height width channels -> batch planes rows columns filters"
    cell_class: ClassVar[type[Cell]] = _VolumeCell
