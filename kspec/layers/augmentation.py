"""What layers that change images share, and those that change them whatever the mode.

Images are height, width and channels, or height and width alone. What comes out is f32.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final, TypeAlias, final

from kspec.ir import Builder, TensorType, Value
from kspec.layers.base import Layer, arg, layer, to_float

__all__ = [
    "BYTES",
    "Factor",
    "ImageChange",
    "RandomImageChange",
    "arg",
    "bounds",
    "layer",
    "one_of",
    "outside",
    "symmetric",
]

Factor: TypeAlias = float | tuple[float, float]
BYTES: Final = (0, 255)


def bounds(factor: Factor, low: float = 0.0) -> tuple[float, float]:
    """The interval to draw from: a pair as it is, `f` as from -f, or `low` if that is more."""
    if isinstance(factor, (tuple, list)):
        first, second = sorted(factor)
        return float(first), float(second)
    most = abs(float(factor))
    return max(0.0 - most, low), most


def symmetric(factor: Factor) -> tuple[float, float]:
    """The interval to draw from: a pair as it is, `f` as from -f to f."""
    return bounds(factor, -float("inf"))


def outside(low: float, high: float, **factors: Factor | None) -> str | None:
    """What to say of a factor that is not in [low, high], or None."""
    for name, factor in factors.items():
        ends = factor if isinstance(factor, tuple) else (factor,)
        if any(end is not None and not low <= end <= high for end in ends):
            return f"{name} must be in [{low}, {high}], not {factor}"
    return None


def one_of(*messages: str | None) -> str | None:
    """The first message that is there."""
    return next((message for message in messages if message is not None), None)


class ImageChange(Layer):
    """A function of each image that keeps its shape.

    Attributes:
        channels: The numbers of channels that it takes; any where there are none.
    """

    shape = "batch height width *channels -> batch height width *channels"
    channels: ClassVar[tuple[int, ...]] = ()

    def misfit(self, *operands: TensorType) -> str | None:
        """Images have height and width, and maybe channels."""
        if operands[0].rank > 4:
            return f"{operands[0]} is not height, width and channels"
        channels = operands[0].shape[3] if operands[0].rank == 4 else 1
        if self.channels and channels not in self.channels:
            return f"it takes images of {' or '.join(map(str, self.channels))} channels"
        return None

    def attrs(self) -> Mapping[str, Any]:
        """The attributes of the op that is called as the layer."""
        raise NotImplementedError

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """The change of floats."""
        return self.change(b, to_float(b, operands[0]))

    def change(self, b: Builder, x: Value) -> Value:
        """The change, with channels while it lasts."""
        if x.type.rank == 4:
            return self.write(b, x)
        y = self.write(b, b.op("expand_dims", x, axis=3))
        return b.op("squeeze", y, axis=3)

    def write(self, b: Builder, x: Value) -> Value:
        """The op on f32[B,H,W,C]."""
        return b.op(self.name, x, **self.attrs())


class RandomImageChange(ImageChange):
    """A change of each image of its own in training, and none otherwise.

    An image's draws are functions of the run's seed, the step, this layer's place, and
    the image's row in the batch; there is no seed of its own.
    """

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """The change, while training."""
        x = to_float(b, operands[0])
        return b.op("where_training", self.change(b, x), x)

    def write(self, b: Builder, x: Value) -> Value:
        """The op with a key."""
        return b.op(self.name, x, b.op("random_key", hint="key"), **self.attrs())


class _Ranged(ImageChange):
    """A change that knows the range of values."""

    value_range: tuple[float, float] = arg(default=BYTES, doc="The least and greatest value.")

    def check(self) -> str | None:
        """There is something between the ends."""
        low, high = self.value_range
        return None if low != high else f"value_range must not be empty, as {self.value_range} is"


@final
@layer("auto_contrast")
class AutoContrast(_Ranged):
    """Bring each channel's least value to the bottom of the range, its greatest to the top.

    It does so in every mode, as there is no chance in it. y = (x - min) / (max - min) of the range.
    """

    def attrs(self) -> Mapping[str, Any]:
        """The range."""
        return {"value_range": bounds(self.value_range)}


@final
@layer("equalization")
class Equalization(_Ranged):
    """Give the values of each channel of each image a flat histogram, in training.

    A value becomes the share of the channel's values that are not above it. Keras counts the
    values of the whole batch; here an image does not depend on its neighbors.
    """

    bins: int = arg(default=256, doc="Into how many steps the range is divided.")

    def check(self) -> str | None:
        """Steps are at least two."""
        few = None if self.bins > 1 else f"bins must be at least 2, not {self.bins}"
        return one_of(few, super().check())

    def attrs(self) -> Mapping[str, Any]:
        """Range and steps."""
        return {"value_range": bounds(self.value_range), "bins": self.bins}

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """The change, while training, as in Keras."""
        x = to_float(b, operands[0])
        return b.op("where_training", self.change(b, x), x)


@final
@layer("contrast_limited_adaptive_histogram_equalization")
class ContrastLimitedAdaptiveHistogramEqualization(_Ranged):
    """Flatten the histogram of each tile of each channel, and blend between the tiles.

    It does so in every mode, as there is no chance in it. Source: Zuiderveld, 1994.
    """

    clip_limit: float = arg(
        default=4.0,
        doc="How many times the mean count a step keeps; the rest goes to all. 0 keeps all.",
    )
    tile_grid_size: tuple[int, int] = arg(default=(8, 8), doc="Tiles down and across.")

    def check(self) -> str | None:
        """There are tiles."""
        few = None if min(self.tile_grid_size) > 0 else "tile_grid_size must be at least (1, 1)"
        return one_of(few, super().check())

    def misfit(self, *operands: TensorType) -> str | None:
        """Tiles need sizes that are known."""
        if any(isinstance(size, str) for size in operands[0].shape[1:]):
            return f"the sizes of {operands[0]} must be known"
        return super().misfit(*operands)

    def attrs(self) -> Mapping[str, Any]:
        """Range, limit and tiles."""
        return {
            "value_range": tuple(map(float, self.value_range)),
            "clip_limit": float(self.clip_limit),
            "tile_grid_size": self.tile_grid_size,
        }
