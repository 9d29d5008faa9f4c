"""Random changes of where things are in images: one resampling each."""

from __future__ import annotations

from collections.abc import Mapping
from math import pi
from typing import Any, Literal, final

from kspec.ir import Builder, TensorType, Value
from kspec.layers.augmentation import (
    Factor,
    ImageChange,
    RandomImageChange,
    arg,
    bounds,
    layer,
    one_of,
    outside,
    symmetric,
)
from kspec.registry import Angle

_FILL = (
    '"reflect" dcba|abcd|dcba, "wrap" abcd|abcd|abcd, "nearest" aaaa|abcd|dddd, '
    'or "constant", which is `fill_value`.'
)


class _Warp(RandomImageChange):
    """A change that reads images between their pixels and outside of them."""

    fill_mode: Literal["reflect", "wrap", "constant", "nearest"] = arg(
        default="reflect", doc=f"What is seen outside of the image: {_FILL}", last=True
    )
    interpolation: Literal["nearest", "bilinear"] = arg(
        default="bilinear", doc="How to read between pixels.", last=True
    )
    fill_value: float = arg(
        default=0.0, doc="The value outside, where that is constant.", last=True
    )

    def attrs(self) -> Mapping[str, Any]:
        """What lies outside and between."""
        return {
            "fill_mode": self.fill_mode,
            "interpolation": self.interpolation,
            "fill_value": float(self.fill_value),
            **self.factors(),
        }

    def factors(self) -> Mapping[str, Any]:
        """The intervals to draw from."""
        raise NotImplementedError


@final
@layer("random_rotation")
class RandomRotation(_Warp):
    """Turn each image about its middle, counter-clockwise where the angle is positive."""

    factor: Factor = arg(doc="The angle in full turns; `f` stands for (-f, f).")

    def check(self) -> str | None:
        """At most once around."""
        return outside(-1.0, 1.0, factor=self.factor)

    def factors(self) -> Mapping[str, Any]:
        """The angles."""
        return {"factor": symmetric(self.factor)}


@final
@layer("random_translation")
class RandomTranslation(_Warp):
    """Shift each image down and to the right."""

    height_factor: Factor = arg(
        doc="The shift down in parts of the height; `f` stands for (-f, f)."
    )
    width_factor: Factor = arg(
        doc="The shift to the right in parts of the width; `f` stands for (-f, f)."
    )

    def check(self) -> str | None:
        """At most all the way."""
        return outside(-1.0, 1.0, height_factor=self.height_factor, width_factor=self.width_factor)

    def factors(self) -> Mapping[str, Any]:
        """The shifts."""
        return {
            "height_factor": symmetric(self.height_factor),
            "width_factor": symmetric(self.width_factor),
        }


@final
@layer("random_zoom")
class RandomZoom(_Warp):
    """Show 1 + factor of the height and width of each image: below 0 zooms in, above 0 out."""

    height_factor: Factor = arg(doc="For the height; `f` stands for (-f, f).")
    width_factor: Factor | None = arg(
        default=None, doc="For the width; none is that of the height."
    )

    def check(self) -> str | None:
        """Something must be left to see."""
        factors = {"height_factor": self.height_factor, "width_factor": self.width_factor}
        for name, factor in factors.items():
            ends = factor if isinstance(factor, tuple) else (factor,)
            if any(end is not None and not -1 < end <= 1 for end in ends):
                return f"{name} must be in (-1, 1], not {factor}"
        return None

    def factors(self) -> Mapping[str, Any]:
        """The zooms."""
        width = None if self.width_factor is None else symmetric(self.width_factor)
        return {"height_factor": symmetric(self.height_factor), "width_factor": width}


@final
@layer("random_shear")
class RandomShear(RandomImageChange):
    """Shear each image, its first pixel in place: y[r, c] = x[r + b c, c + a r].

    a and b are drawn from the factors and take one sign, which is drawn, too.
    """

    x_factor: Factor = arg(
        default=0.0, doc="How far columns move a row, in [0, 1]; `f` stands for (-f, f)."
    )
    y_factor: Factor = arg(
        default=0.0, doc="How far rows move a column, in [0, 1]; `f` stands for (-f, f)."
    )
    interpolation: Literal["bilinear", "nearest"] = arg(
        default="bilinear", doc="How to read between pixels."
    )
    fill_mode: Literal["reflect", "wrap", "constant", "nearest"] = arg(
        default="reflect", doc=f"What is seen outside of the image: {_FILL}"
    )
    fill_value: float = arg(default=0.0, doc="The value outside, where that is constant.")

    def check(self) -> str | None:
        """At most half of a right angle."""
        return outside(0.0, 1.0, x_factor=self.x_factor, y_factor=self.y_factor)

    def attrs(self) -> Mapping[str, Any]:
        """The intervals, and what lies outside and between."""
        return {
            "x_factor": symmetric(self.x_factor),
            "y_factor": symmetric(self.y_factor),
            "interpolation": self.interpolation,
            "fill_mode": self.fill_mode,
            "fill_value": float(self.fill_value),
        }


@final
@layer("random_flip")
class RandomFlip(RandomImageChange):
    """Mirror one image in two."""

    mode: Literal["horizontal", "vertical", "horizontal_and_vertical"] = arg(
        default="horizontal_and_vertical",
        doc='"horizontal" turns left to right; both at once turn by half a circle.',
    )

    def attrs(self) -> Mapping[str, Any]:
        """The axes."""
        return {"mode": self.mode}


@final
@layer("random_perspective")
class RandomPerspective(RandomImageChange):
    """Move the corners of some images, and what is between them by the projective map."""

    factor: Factor = arg(
        default=1.0, doc="The odds; each image draws its own from the pair, `f` is (0, f)."
    )
    scale: float = arg(
        default=1.0, doc="Corners move by up to half of it, in parts of height and width."
    )
    interpolation: Literal["bilinear", "nearest"] = arg(
        default="bilinear", doc="How to read between pixels."
    )
    fill_value: float = arg(default=0.0, doc="The value outside of the image.")

    def check(self) -> str | None:
        """Odds and parts."""
        return outside(0.0, 1.0, factor=self.factor, scale=self.scale)

    def attrs(self) -> Mapping[str, Any]:
        """All of them."""
        return {
            "factor": bounds(self.factor),
            "scale": float(self.scale),
            "interpolation": self.interpolation,
            "fill_value": float(self.fill_value),
        }


@final
@layer("random_crop")
class RandomCrop(ImageChange):
    """Cut a window of height and width out of each image, anywhere in training.

    Elsewhere, and from images that are not both higher and wider, it is the largest window in
    the middle of that shape, resized.
    """

    shape = "batch rows columns *channels -> batch height width *channels"

    height: int = arg(doc="Height of the window.")
    width: int = arg(doc="Width of the window.")

    def check(self) -> str | None:
        """Not empty."""
        return None if min(self.height, self.width) > 0 else "height and width must be at least 1"

    def misfit(self, *operands: TensorType) -> str | None:
        """Images of a known size."""
        if any(isinstance(size, str) for size in operands[0].shape[1:3]):
            return f"the height and width of {operands[0]} must be known"
        return super().misfit(*operands)

    def attrs(self) -> Mapping[str, Any]:
        """The size."""
        return {"height": self.height, "width": self.width}

    def write(self, b: Builder, x: Value) -> Value:
        """A window anywhere, or in the middle."""
        middle = b.op("middle_crop", x, **self.attrs())
        rows, columns = x.type.shape[1:3]
        if not (isinstance(rows, int) and rows > self.height):
            return middle
        if not (isinstance(columns, int) and columns > self.width):
            return middle
        window = b.op("random_crop", x, b.op("random_key", hint="key"), **self.attrs())
        return b.op("where_training", window, middle)


@final
@layer("random_affine")
class RandomAffine(RandomImageChange):
    """Turn, shift, shear, zoom and flip each image in one resampling, about its middle.

    It does what ImageDataGenerator does with its ranges of rotation, shift, shear and zoom and
    its flips: the result shows at a place what the image has at rotation @ shift @ shear @ zoom
    of it. Each amount is drawn evenly from minus to plus what is given.
    """

    rotation: Angle = arg(default=0.0, doc="The most to turn by: `20deg`, or radians.")
    shift: float | tuple[float, float] = arg(
        default=0.0, doc="The most to shift by, in parts of height and width, or one for both."
    )
    shear: Angle = arg(default=0.0, doc="The most to shear by: `5deg`, or radians.")
    zoom: float | tuple[float, float] = arg(
        default=0.0,
        doc="How much more or less of height and width to show, each its own; or from, to: 10% "
        "is (0.9, 1.1).",
    )
    flip: Literal["horizontal", "vertical", "horizontal_and_vertical"] | None = arg(
        default=None, doc="The axes to mirror, each for one image in two."
    )
    fill: Literal["nearest", "constant", "reflect", "wrap"] = arg(
        default="nearest", doc="What is seen outside of the image, as `fill_mode` of others."
    )
    fill_value: float = arg(default=0.0, doc="The value outside, where that is constant.")

    def check(self) -> str | None:
        """Amounts have bounds."""
        if not 0 <= self.rotation <= pi + 1e-9:
            written = f"{self.rotation:g} radians; degrees are written {self.rotation:g}deg"
            return f"rotation must be from 0 to 180deg, not {written}"
        if not 0 <= self.shear < pi / 2:
            return f"shear must be from 0 to below 90deg, not {self.shear} radians"
        low, high = self._zooms()
        if not 0 < low <= high:
            return f"zoom must be in [0, 1), or a pair of factors above 0, not {self.zoom}"
        return one_of(outside(0.0, 1.0, shift=self.shift))

    def attrs(self) -> Mapping[str, Any]:
        """The amounts, in radians and parts."""
        down, right = self.shift if isinstance(self.shift, tuple) else (self.shift, self.shift)
        return {
            "rotation": float(self.rotation),
            "shift": (float(down), float(right)),
            "shear": float(self.shear),
            "zoom": self._zooms(),
            "flip": self.flip or "none",
            "fill": self.fill,
            "fill_value": float(self.fill_value),
        }

    def _zooms(self) -> tuple[float, float]:
        """From, to: what is shown of height and width."""
        if isinstance(self.zoom, tuple):
            return float(self.zoom[0]), float(self.zoom[1])
        return 1 - float(self.zoom), 1 + float(self.zoom)
