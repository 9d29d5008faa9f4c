"""Mixtures of examples: images and labels at once, `(image, label) -> mix_up(0.2)`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

from kspec.ir import Builder, TensorType, Value
from kspec.layers.augmentation import Factor, arg, bounds, layer, outside
from kspec.layers.base import Layer, Masked, Named, to_float
from kspec.registry import Example


class _Mixing(Layer):
    """A mixture of each example with another of the batch in training, and none otherwise.

    It takes images and their labels, and gives both. Rows that only fill the last batch up
    are not mixed into others.
    """

    shape = "batch height width *channels, batch *label -> batch height width *channels"

    def misfit(self, *operands: TensorType) -> str | None:
        """Images, and labels that can be mixed."""
        image, label = operands
        if image.rank > 4:
            return f"{image} is not height, width and channels"
        if not label.is_float:
            return (
                f"labels {label} cannot be mixed: it takes probabilities of classes, as "
                "`one_hot` makes them of class numbers, for `categorical_crossentropy`"
            )
        return None

    def attrs(self) -> Mapping[str, Any]:
        """The attributes of the op that is called as the layer."""
        raise NotImplementedError

    def apply(
        self,
        b: Builder,
        operands: tuple[Masked, ...],
        weights: Mapping[str, Value],
        named: Named,
    ) -> tuple[Masked, ...]:
        """Images and labels, mixed while training."""
        image, label = to_float(b, operands[0].value), operands[1].value
        channels = image.type.rank == 4
        x = image if channels else b.op("expand_dims", image, hint="image", axis=3)
        key = b.op("random_key", hint="key")
        y, mixed = b.op_n(self.name, x, label, b.examples, key, **self.attrs())
        if not channels:
            y = b.op("squeeze", y, hint="image", axis=3)
        hints = b.hints if len(b.hints) == 2 else (b.hint, "label")
        return (
            Masked(b.op("where_training", y, image, hint=hints[0])),
            Masked(b.op("where_training", mixed, label, hint=hints[1])),
        )


@final
@layer("mix_up")
class MixUp(_Mixing):
    """Mix each image and its label with another's: y = w x + (1 - w) x', w from Beta(alpha, alpha).

    Source: Zhang et al., 2018.
    """

    example = Example(
        "(image, label) -> mix_up", ("mixed", "classes"), image="f32[8, 8, 3]", label="f32[10]"
    )

    alpha: float = arg(default=0.2, doc="How even the mixture is; above 0.")

    def check(self) -> str | None:
        """A distribution."""
        return None if self.alpha > 0 else f"alpha must be above 0, not {self.alpha}"

    def attrs(self) -> Mapping[str, Any]:
        """The one."""
        return {"alpha": float(self.alpha)}


@final
@layer("cut_mix")
class CutMix(_Mixing):
    """Put a rectangle of another image into each, and mix the labels by its area.

    The area is 1 - w, w from Beta(a, a), and a from `factor`. Source: Yun et al., 2019.
    """

    example = Example(
        "(image, label) -> cut_mix", ("mixed", "classes"), image="f32[8, 8, 3]", label="f32[10]"
    )

    factor: Factor = arg(
        default=1.0, doc="How even the mixture is, in [0, 1]; `f` stands for (0, f)."
    )

    def check(self) -> str | None:
        """A part."""
        return outside(0.0, 1.0, factor=self.factor)

    def attrs(self) -> Mapping[str, Any]:
        """The interval."""
        return {"factor": bounds(self.factor)}
