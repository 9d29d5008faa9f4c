"""Random changes of parts of images, and of how sharp they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, final

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


class _Sometimes(RandomImageChange):
    """A change of some images; each draws its odds from `factor`."""

    factor: Factor = arg(
        default=1.0, doc="The odds; each image draws its own from the pair, `f` is (0, f)."
    )

    def check(self) -> str | None:
        """Odds are parts."""
        return outside(0.0, 1.0, factor=self.factor)


@final
@layer("random_erasing")
class RandomErasing(_Sometimes):
    """Fill a rectangle of some images.

    Its width and height are the square roots of draws from `scale`, in parts of the image.
    Source: Zhong et al., 2017.
    """

    scale: Factor = arg(
        default=(0.02, 0.33), doc="The squares of the sides, in parts; `f` stands for (0, f)."
    )
    fill_value: float | tuple[float, float, float] | None = arg(
        default=None, doc="What to fill with, or one number a channel; none is noise."
    )
    value_range: tuple[float, float] = arg(
        default=BYTES, doc="The least and greatest value; noise is scaled by the latter."
    )

    def check(self) -> str | None:
        """Parts of the image."""
        return one_of(super().check(), outside(0.0, 1.0, scale=self.scale))

    def attrs(self) -> Mapping[str, Any]:
        """Odds, sizes and filling."""
        return {
            "factor": bounds(self.factor),
            "scale": bounds(self.scale),
            "fill_value": self.fill_value,
            "value_range": tuple(map(float, self.value_range)),
        }


@final
@layer("random_gaussian_blur")
class RandomGaussianBlur(_Sometimes):
    """Blur some images with bell curves of their own; there is 0 beyond the rim."""

    kernel_size: int | tuple[int, int] = arg(
        default=3, doc="The odd width and height of the window, or one for both."
    )
    sigma: Factor = arg(
        default=1.0, doc="The deviation, in [0, 1], across and down; `f` stands for (0, f)."
    )
    value_range: tuple[float, float] = arg(default=BYTES, doc="The least and greatest value.")

    def check(self) -> str | None:
        """Windows have a middle."""
        if any(size < 1 or size % 2 == 0 for size in self._sizes()):
            return f"kernel_size must be odd, not {self.kernel_size}"
        return one_of(super().check(), outside(0.0, 1.0, sigma=self.sigma))

    def attrs(self) -> Mapping[str, Any]:
        """Odds and windows."""
        return {
            "factor": bounds(self.factor),
            "kernel_size": self._sizes(),
            "sigma": bounds(self.sigma),
            "value_range": tuple(map(float, self.value_range)),
        }

    def _sizes(self) -> tuple[int, int]:
        if isinstance(self.kernel_size, tuple):
            return self.kernel_size
        return self.kernel_size, self.kernel_size


@final
@layer("random_elastic_transform")
class RandomElasticTransform(_Sometimes):
    """Bend some images: each place moves along noise that is blurred.

    With s drawn from `scale`, the noise has the deviation 0.05 s min(H, W), is blurred by as
    much, and is multiplied by 0.1 s max(H, W). Source: Simard et al., 2003.
    """

    scale: Factor = arg(default=1.0, doc="How much to bend, in [0, 1]; `f` stands for (0, f).")
    interpolation: Literal["bilinear", "nearest"] = arg(
        default="bilinear", doc="How to read between pixels."
    )
    fill_mode: Literal["reflect", "constant", "nearest", "wrap", "mirror"] = arg(
        default="reflect", doc='What is seen outside; "mirror" is dcb|abcd|cba.'
    )
    fill_value: float = arg(default=0.0, doc="The value outside, where that is constant.")
    value_range: tuple[float, float] = arg(default=BYTES, doc="The least and greatest value.")

    def check(self) -> str | None:
        """Parts."""
        return one_of(super().check(), outside(0.0, 1.0, scale=self.scale))

    def attrs(self) -> Mapping[str, Any]:
        """Odds and amounts, and what lies outside and between."""
        return {
            "factor": bounds(self.factor),
            "scale": bounds(self.scale),
            "interpolation": self.interpolation,
            "fill_mode": self.fill_mode,
            "fill_value": float(self.fill_value),
            "value_range": tuple(map(float, self.value_range)),
        }
