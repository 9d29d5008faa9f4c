"""Images of another size: by interpolation, or cut out of the middle."""

from __future__ import annotations

from typing import Final, Literal, final

from kspec.ir import Builder, TensorType, Value
from kspec.layers.base import Layer, arg, layer, to_float

# The smallest and the largest number of an integer type that f32 has, too.
RANGES: Final = {
    "i8": (-128.0, 127.0),
    "i16": (-32768.0, 32767.0),
    "i32": (-2147483648.0, 2147483520.0),
    "u8": (0.0, 255.0),
    "u16": (0.0, 65535.0),
    "u32": (0.0, 4294967040.0),
}


class _Sized(Layer):
    """Images of a given height and width."""

    shape = "batch rows columns channels -> batch height width channels"

    height: int = arg(doc="Height of the result.")
    width: int = arg(doc="Width of the result.")

    def check(self) -> str | None:
        """There must be pixels."""
        return None if min(self.height, self.width) > 0 else "height and width must be at least 1"


@final
@layer("resizing")
class Resizing(_Sized):
    """Bring images to a size, by interpolation between pixel centers.

    y[b, i, j, c] = sum_kl w((i + 0.5) * H / height - 0.5 - k) *
    w((j + 0.5) * W / width - 0.5 - l) * x[b, k, l, c], w the kernel of the interpolation

    Integers stay integers: results are rounded, and brought into the type's range.
    """

    interpolation: Literal["bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"] = arg(
        default="bilinear", doc="The kernel."
    )
    crop_to_aspect_ratio: bool = arg(
        default=False, doc="Whether to cut what does not fit, and distort nothing."
    )
    pad_to_aspect_ratio: bool = arg(
        default=False, doc="Whether to fill the shorter side up, and distort nothing."
    )
    fill_mode: Literal["constant"] = arg(default="constant", doc="What to fill up with.")
    fill_value: float = arg(default=0.0, doc="The constant.")
    antialias: bool = arg(default=False, doc="Whether to blur before making images smaller.")

    def check(self) -> str | None:
        """There is one way to keep proportions."""
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            return "crop_to_aspect_ratio and pad_to_aspect_ratio exclude each other"
        return super().check()

    def misfit(self, *operands: TensorType) -> str | None:
        """Images are numbers, and proportions need fixed sizes."""
        (x,) = operands
        if x.dtype == "bool":
            return f"numbers are needed, not {x}"
        if self.crop_to_aspect_ratio or self.pad_to_aspect_ratio:
            return open_size(x)
        return None

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """A cut or a frame where proportions are kept, then a resizing."""
        (x,) = operands
        dtype = x.type.dtype
        if self.crop_to_aspect_ratio:
            x = crop_to_ratio(b, x, self.height, self.width)
        if self.pad_to_aspect_ratio:
            x = self._frame(b, x)
        if self.interpolation != "nearest":
            x = to_float(b, x)
        y = b.op(
            "resize",
            x,
            size=(self.height, self.width),
            method=self.interpolation,
            antialias=self.antialias and self.interpolation != "nearest",
        )
        if y.type.dtype == dtype:
            return y
        least, most = RANGES[dtype]
        y = b.op("clip", b.op("round", y), min=least, max=most)
        return b.op("cast", y, dtype=dtype)

    def _frame(self, b: Builder, x: Value) -> Value:
        """The constant at both ends of the axis that is too short."""
        height, width = map(int, x.type.shape[1:3])
        tall = max(height, int(float(width * self.height) / self.width))
        wide = max(width, int(float(height * self.width) / self.height))
        above, left = (tall - height) // 2, (wide - width) // 2
        if above:
            left = 0
        if not above and not left:
            return x
        widths = ((0, 0), (above, above), (left, left), (0, 0))
        return b.op("pad", to_float(b, x), pad_width=widths, value=self.fill_value)


@final
@layer("center_crop")
class CenterCrop(_Sized):
    """Cut the middle out of images.

    y = x[:, top : top + height, left : left + width], where top = (H - height) // 2 and
    left = (W - width) // 2

    Images that are too small are cut to the result's proportions, then enlarged.
    """

    def misfit(self, *operands: TensorType) -> str | None:
        """The middle is known where the size is."""
        return open_size(operands[0])

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """A cut, and a resizing where images are too small."""
        x = to_float(b, operands[0])
        above, left = (
            n - size
            for n, size in zip(map(int, x.type.shape[1:3]), (self.height, self.width), strict=True)
        )
        if above >= 0 and left >= 0:
            return cut(b, x, above // 2, left // 2, self.height, self.width)
        x = crop_to_ratio(b, x, self.height, self.width)
        return b.op("resize", x, size=(self.height, self.width), method="bilinear")


def open_size(images: TensorType) -> str | None:
    """Why the height and width of images are not known, or None."""
    names = [axis for axis in images.shape[1:3] if isinstance(axis, str)]
    return f"the axis `{names[0]}` has no fixed size" if names else None


def cut(b: Builder, images: Value, top: int, left: int, height: int, width: int) -> Value:
    """A window of images."""
    if images.type.shape[1:3] == (height, width):
        return images
    everything = (None, None, None)
    rows, columns = (top, top + height, None), (left, left + width, None)
    return b.op("index", images, items=(everything, rows, columns, everything))


def crop_to_ratio(b: Builder, images: Value, height: int, width: int) -> Value:
    """The largest window in the middle of images with the proportions of a size."""
    tall, wide = map(int, images.type.shape[1:3])
    rows = max(min(tall, int(float(wide * height) / width)), 1)
    columns = max(min(wide, int(float(tall * width) / height)), 1)
    return cut(b, images, (tall - rows) // 2, (wide - columns) // 2, rows, columns)
