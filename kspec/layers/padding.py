"""Layers that add zeros at the edges or cut places off, channels last."""

from __future__ import annotations

from typing import final

from kspec.ir import Builder, TensorType, Value
from kspec.layers.base import Layer, arg, layer
from kspec.layers.spatial import Margins, bad_margins, margins, rank_of


class _Cropping(Layer):
    """Cut places off both ends of the axes between batch and channels."""

    cropping: Margins = arg(
        default=0,
        doc="Places to cut: one number, one an axis, or a pair an axis for its start and end.",
    )

    def check(self) -> str | None:
        """Nothing is cut twice."""
        return bad_margins("cropping", self.cropping, rank_of(self))

    def misfit(self, *operands: TensorType) -> str | None:
        """Something must be left."""
        cuts = margins(self.cropping, rank_of(self))
        for size, cut in zip(operands[0].shape[1:-1], cuts, strict=True):
            if isinstance(size, int) and sum(cut) >= size:
                return f"nothing is left of an axis of {size} without {cut[0]} and {cut[1]}"
        return None

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One index."""
        (x,) = operands
        everything = (None, None, None)
        items = [
            (before or None, -behind if behind else None, None)
            for before, behind in margins(self.cropping, rank_of(self))
        ]
        return b.op("index", x, items=(everything, *items, everything))


class _ZeroPadding(Layer):
    """Add zeros at both ends of the axes between batch and channels."""

    padding: Margins = arg(
        default=1,
        doc="Zeros to add: one number, one an axis, or a pair an axis for its start and end.",
    )

    def check(self) -> str | None:
        """Nothing is cut."""
        return bad_margins("padding", self.padding, rank_of(self))

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One padding."""
        widths = ((0, 0), *margins(self.padding, rank_of(self)), (0, 0))
        return b.op("pad", operands[0], pad_width=widths)


@final
@layer("cropping1d")
class Cropping1D(_Cropping):
    """Cut time steps off: y = x[:, before : steps - after]."""

    shape = "batch steps channels -> batch places channels"

    cropping: Margins = arg(
        default=(1, 1), doc="Steps to cut at each end: one number, or one for each end."
    )


@final
@layer("cropping2d")
class Cropping2D(_Cropping):
    """Cut the edges of images off: y = x[:, top : height - bottom, left : width - right]."""

    shape = "batch height width channels -> batch rows columns channels"

    cropping: Margins = arg(
        default=((0, 0), (0, 0)),
        doc="Pixels to cut: one number, one an axis, or ((top, bottom), (left, right)).",
    )


@final
@layer("cropping3d")
class Cropping3D(_Cropping):
    """Cut the outermost places of volumes off, along depth, height and width."""

    shape = "batch depth height width channels -> batch planes rows columns channels"

    cropping: Margins = arg(
        default=((1, 1), (1, 1), (1, 1)),
        doc="Places to cut: one number, one an axis, or a pair an axis for its ends.",
    )


@final
@layer("zero_padding1d")
class ZeroPadding1D(_ZeroPadding):
    """Add time steps of zeros at both ends."""

    shape = "batch steps channels -> batch places channels"

    padding: Margins = arg(
        default=1, doc="Steps to add at each end: one number, or one for each end."
    )


@final
@layer("zero_padding2d")
class ZeroPadding2D(_ZeroPadding):
    """Add a frame of zeros around images."""

    shape = "batch height width channels -> batch rows columns channels"

    padding: Margins = arg(
        default=(1, 1),
        doc="Pixels to add: one number, one an axis, or ((top, bottom), (left, right)).",
    )


@final
@layer("zero_padding3d")
class ZeroPadding3D(_ZeroPadding):
    """Add zeros around volumes, along depth, height and width."""

    shape = "batch depth height width channels -> batch planes rows columns channels"

    padding: Margins = arg(
        default=((1, 1), (1, 1), (1, 1)),
        doc="Places to add: one number, one an axis, or a pair an axis for its ends.",
    )
