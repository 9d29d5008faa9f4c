"""Random changes of brightness, contrast and color, pixel by pixel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

from kspec.ir import TensorType
from kspec.layers.augmentation import (
    BYTES,
    Factor,
    RandomImageChange,
    arg,
    bounds,
    layer,
    one_of,
    outside,
)
from kspec.registry import Example


class _Toned(RandomImageChange):
    """A change by a factor that each image draws, within a range of values.

    Attributes:
        least: The least factor.
        most: The greatest.
        ordered: Whether the range is sorted, as Keras does in most of these layers.
    """

    least: ClassVar[float] = 0.0
    most: ClassVar[float] = 1.0
    ordered: ClassVar[bool] = True

    factor: Factor = arg(doc="The interval to draw from; `f` is from -f, or from the least, to f.")
    value_range: tuple[float, float] = arg(default=BYTES, doc="The least and greatest value.")

    def check(self) -> str | None:
        """The factor has bounds."""
        return one_of(
            outside(self.least, self.most, factor=self.factor), empty_range(self.value_range)
        )

    def attrs(self) -> Mapping[str, Any]:
        """The interval and the range."""
        return {
            "factor": bounds(self.factor, self.least),
            "value_range": span(self.value_range, ordered=self.ordered),
        }


def span(values: tuple[float, float], *, ordered: bool = True) -> tuple[float, ...]:
    """A range of values as an attribute."""
    return tuple(float(value) for value in (sorted(values) if ordered else values))


def empty_range(values: tuple[float, float]) -> str | None:
    """What to say of a range with nothing in it."""
    return None if values[0] != values[1] else f"value_range must not be empty, as {values} is"


@final
@layer("random_brightness")
class RandomBrightness(_Toned):
    """Add a number to each image: y = clip(x + factor * (high - low))."""

    least = -1.0


@final
@layer("random_contrast")
class RandomContrast(_Toned):
    """Stretch each channel about its mean: y = clip((x - mean) * c + mean).

    c is drawn from [1 - factor[0], 1 + factor[1]); a single `f` stands for (0, f), as in Keras.
    """

    ordered = False


@final
@layer("random_color_degeneration")
class RandomColorDegeneration(_Toned):
    """Blend each image with its gray: y = clip(x + factor * (gray - x))."""

    least = -1.0
    channels = (1, 3)


@final
@layer("random_hue")
class RandomHue(_Toned):
    """Turn the hues of each image by up to half of `factor` of the circle, either way."""

    channels = (3,)
    ordered = False


@final
@layer("random_saturation")
class RandomSaturation(_Toned):
    """Multiply the saturation of each image by f / (1 - f): 0.5 leaves it, 0 is gray.

    As in Keras, a single `f` stands for (-f, f), and what is drawn below 0 is gray.
    """

    least = -1.0
    channels = (3,)


@final
@layer("random_sharpness")
class RandomSharpness(_Toned):
    """Move each image from its smoothed one: y = clip(x + (1 - 2 * factor) * (smooth - x)).

    0 is smooth, 0.5 leaves the image, 1 is sharp. The smoothing is that of PIL's
    ImageFilter.SMOOTH, with weights of 1 around one of 5.
    """


@final
@layer("random_posterization")
class RandomPosterization(RandomImageChange):
    """Set the last bits of each value to 0, out of the eight of 0 to 255.

    Each image keeps a number of bits from factor[0] to below factor[1]; `f` stands for (1, f).
    """

    example = Example("x -> random_posterization(4)", x="f32[8, 8, 3]")

    factor: int | tuple[int, int] = arg(doc="How many bits stay, from 1 to 8.")
    value_range: tuple[float, float] = arg(default=BYTES, doc="The least and greatest value.")

    def check(self) -> str | None:
        """Of eight bits."""
        return one_of(outside(1, 8, factor=self.factor), empty_range(self.value_range))

    def attrs(self) -> Mapping[str, Any]:
        """Whole numbers of bits."""
        low, high = bounds(self.factor, 1.0)
        return {"factor": (int(low), int(high)), "value_range": span(self.value_range)}


@final
@layer("random_grayscale")
class RandomGrayscale(RandomImageChange):
    """Take all color out of some images: gray = 0.2989 red + 0.587 green + 0.114 blue."""

    channels = (1, 3)

    factor: float = arg(default=0.5, doc="The part of the images that become gray.")

    def check(self) -> str | None:
        """A part of a whole."""
        return outside(0.0, 1.0, factor=self.factor)

    def attrs(self) -> Mapping[str, Any]:
        """The part."""
        return {"factor": float(self.factor)}


@final
@layer("random_invert")
class RandomInvert(RandomImageChange):
    """Make negatives of some images: y = high - x."""

    factor: Factor = arg(
        default=1.0, doc="The odds; each image draws its own from the pair, `f` is (0, f)."
    )
    value_range: tuple[float, float] = arg(default=BYTES, doc="The least and greatest value.")

    def check(self) -> str | None:
        """Odds have bounds."""
        return outside(0.0, 1.0, factor=self.factor)

    def attrs(self) -> Mapping[str, Any]:
        """The odds and the range."""
        return {
            "factor": bounds(self.factor),
            "value_range": span(self.value_range, ordered=False),
        }


@final
@layer("solarization")
class Solarization(RandomImageChange):
    """Add to each image, then invert what is not below a threshold, on 0 to 255.

    y = x + a; y = y if y < t else 255 - y.
    """

    addition_factor: Factor = arg(
        default=0.0, doc="What is added, in parts of 255; `f` stands for (0, f)."
    )
    threshold_factor: Factor = arg(
        default=0.0, doc="The threshold, in parts of 255; `f` stands for (0, f)."
    )
    value_range: tuple[float, float] = arg(default=BYTES, doc="The least and greatest value.")

    def check(self) -> str | None:
        """Parts of the whole."""
        factors = {
            "addition_factor": self.addition_factor,
            "threshold_factor": self.threshold_factor,
        }
        return one_of(outside(0.0, 1.0, **factors), empty_range(self.value_range))

    def attrs(self) -> Mapping[str, Any]:
        """The intervals and the range."""
        return {
            "addition_factor": bounds(self.addition_factor),
            "threshold_factor": bounds(self.threshold_factor),
            "value_range": span(self.value_range),
        }


@final
@layer("random_color_jitter")
class RandomColorJitter(RandomImageChange):
    """Change brightness, contrast, saturation and hue, in this order, each by its own layer."""

    value_range: tuple[float, float] = arg(default=BYTES, doc="The least and greatest value.")
    brightness_factor: Factor | None = arg(
        default=None, doc="As `factor` of `random_brightness`; none leaves it."
    )
    contrast_factor: Factor | None = arg(
        default=None, doc="As `factor` of `random_contrast`; none leaves it."
    )
    saturation_factor: Factor | None = arg(
        default=None, doc="As `factor` of `random_saturation`; none leaves it."
    )
    hue_factor: Factor | None = arg(
        default=None, doc="As `factor` of `random_hue`; none leaves it."
    )

    def check(self) -> str | None:
        """Each as in its layer."""
        return one_of(
            outside(-1.0, 1.0, brightness_factor=self.brightness_factor),
            outside(0.0, 1.0, contrast_factor=self.contrast_factor),
            outside(-1.0, 1.0, saturation_factor=self.saturation_factor),
            outside(0.0, 1.0, hue_factor=self.hue_factor),
            empty_range(self.value_range),
        )

    def misfit(self, *operands: TensorType) -> str | None:
        """Saturation and hue are of three channels."""
        colored = self.saturation_factor is not None or self.hue_factor is not None
        if colored and (operands[0].rank < 4 or operands[0].shape[3] != 3):
            return f"saturation and hue are of images with 3 channels, not of {operands[0]}"
        return super().misfit(*operands)

    def attrs(self) -> Mapping[str, Any]:
        """The intervals that are there, and the range."""
        factors = {
            "brightness_factor": (self.brightness_factor, -1.0),
            "contrast_factor": (self.contrast_factor, 0.0),
            "saturation_factor": (self.saturation_factor, -1.0),
            "hue_factor": (self.hue_factor, 0.0),
        }
        given = {name: bounds(f, low) for name, (f, low) in factors.items() if f is not None}
        return {**given, "value_range": span(self.value_range)}
