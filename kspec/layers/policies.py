"""Random choices among random changes of images."""

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


@final
@layer("rand_augment")
class RandAugment(RandomImageChange):
    """Apply some of eleven changes, one after the other, by amounts drawn from `factor`.

    They are shear, translation, rotation, brightness, color degeneration, contrast, sharpness,
    posterization, solarization, auto contrast and equalization. Which ones is drawn for the
    batch, as in Keras; the amounts are each image's own. Source: Cubuk et al., 2019.
    """

    channels = (1, 3)

    value_range: tuple[float, float] = arg(default=BYTES, doc="The least and greatest value.")
    num_ops: int = arg(default=2, doc="How many changes.")
    factor: Factor = arg(default=0.5, doc="How strong they are, in [0, 1]; `f` stands for (0, f).")
    interpolation: Literal["bilinear", "nearest"] = arg(
        default="bilinear", doc="How to read between pixels."
    )

    def check(self) -> str | None:
        """At least one change."""
        few = None if self.num_ops > 0 else f"num_ops must be at least 1, not {self.num_ops}"
        return one_of(few, outside(0.0, 1.0, factor=self.factor))

    def attrs(self) -> Mapping[str, Any]:
        """All of them."""
        return {
            "value_range": tuple(map(float, self.value_range)),
            "num_ops": self.num_ops,
            "factor": bounds(self.factor),
            "interpolation": self.interpolation,
        }


@final
@layer("aug_mix")
class AugMix(RandomImageChange):
    """Mix each image with what chains of random changes make of it.

    y = clip(m x + (1 - m) sum_i w_i chain_i(x)), m from Beta(alpha, alpha) and w from
    Dirichlet(alpha). The changes of a chain are drawn for the batch, the amounts and the
    mixture for each image. Source: Hendrycks et al., 2020.
    """

    channels = (1, 3)

    value_range: tuple[float, float] = arg(default=BYTES, doc="The least and greatest value.")
    num_chains: int = arg(default=3, doc="How many chains.")
    chain_depth: int = arg(default=3, doc="How many changes a chain has; some do nothing.")
    factor: Factor = arg(default=0.3, doc="How strong they are, in [0, 1]; `f` stands for (0, f).")
    alpha: float = arg(default=1.0, doc="How even the mixture is.")
    all_ops: bool = arg(
        default=True,
        doc="Whether brightness, color degeneration, contrast and sharpness are among them.",
    )
    interpolation: Literal["bilinear", "nearest"] = arg(
        default="bilinear", doc="How to read between pixels."
    )

    def check(self) -> str | None:
        """Chains that are there."""
        if min(self.num_chains, self.chain_depth) < 1:
            return "num_chains and chain_depth must be at least 1"
        few = None if self.alpha > 0 else f"alpha must be above 0, not {self.alpha}"
        return one_of(few, outside(0.0, 1.0, factor=self.factor))

    def attrs(self) -> Mapping[str, Any]:
        """All of them."""
        return {
            "value_range": tuple(map(float, self.value_range)),
            "num_chains": self.num_chains,
            "chain_depth": self.chain_depth,
            "factor": bounds(self.factor),
            "alpha": float(self.alpha),
            "all_ops": self.all_ops,
            "interpolation": self.interpolation,
        }
