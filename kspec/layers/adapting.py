"""Layers that learn how numbers are spread, once, from the training split."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Final, Literal, final

from kspec.initializers.constants import Ones, Zeros
from kspec.ir import Builder, Shape, TensorType, Value
from kspec.layers.base import Dims, Layer, WeightSpec, arg, layer, to_float
from kspec.layers.encoding import encode, encoding_misfit
from kspec.registry import Example

EPSILON: Final = 1e-7


@final
@layer("normalization")
class Normalization(Layer):
    """Bring numbers to mean 0 and variance 1: y = (x - mean) / sqrt(variance).

    Mean and variance are learned from the training split before the first update, for each
    index of the axes that `axis` names, and stay; or they are given. A layer that is shared
    learns from what its first call gets.
    """

    shape = "*batch -> *batch"
    masking = "keeps"

    axis: int | tuple[int, ...] | None = arg(
        default=-1,
        doc="The axes with moments of their own, the batch axis counted; none for one mean. "
        "Fields with one number an example have one.",
    )
    mean: float | tuple[float, ...] | None = arg(default=None, doc="The mean, if it is known.")
    variance: float | tuple[float, ...] | None = arg(default=None, doc="The variance, with it.")
    invert: bool = arg(default=False, doc="Whether to go back: x = y * sqrt(variance) + mean.")

    def check(self) -> str | None:
        """Both moments or none."""
        if (self.mean is None) != (self.variance is None):
            return "mean and variance are given both, or neither"
        sizes = [len(v) if isinstance(v, tuple) else 1 for v in (self.mean, self.variance)]
        if sizes[0] != sizes[1]:
            return f"mean has {sizes[0]} numbers, and variance {sizes[1]}"
        numbers = self.variance if isinstance(self.variance, tuple) else (self.variance or 0,)
        return "variance must not be negative" if min(numbers) < 0 else None

    def kept(self, rank: int) -> tuple[int, ...]:
        """The axes with moments of their own."""
        if self.axis is None or rank == 1:
            return ()
        axes = (self.axis,) if isinstance(self.axis, int) else self.axis
        return tuple(sorted(axis % rank if -rank <= axis < rank else axis for axis in axes))

    def misfit(self, *operands: TensorType) -> str | None:
        """Numbers, whose axes are there and have sizes."""
        (type,) = operands
        if type.is_hosted:
            return f"it takes numbers, not {type}"
        kept = self.kept(type.rank)
        for axis in kept:
            if not 0 < axis < type.rank:
                return f"axis {self.axis} is none of {type}"
            if isinstance(type.shape[axis], str):
                return f"the axis `{type.shape[axis]}` has no fixed size"
        sizes = [type.shape[axis] for axis in kept]
        if isinstance(self.mean, tuple) and [len(self.mean)] != sizes[-1:]:
            return f"mean has {len(self.mean)} numbers, but it gets {type}"
        return None

    def specs(self, types: tuple[TensorType, ...], dims: Dims) -> Mapping[str, WeightSpec]:
        """The moments, where they are learned."""
        if self.mean is not None:
            return {}
        shape = tuple(types[0].shape[axis] for axis in self.kept(types[0].rank))
        return {
            "mean": WeightSpec(shape, Zeros(), trainable=False),
            "variance": WeightSpec(shape, Ones(), trainable=False),
        }

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """Learning, and arithmetic."""
        x = to_float(b, operands[0])
        kept = self.kept(x.type.rank)
        over = tuple(axis for axis in range(x.type.rank) if axis not in kept)
        if self.mean is None:
            mean, variance = weights["mean"], weights["variance"]
            b.learn((mean, variance), "learn_moments", x, axis=over)
        else:
            mean, variance = (_numbers(b, v) for v in (self.mean, self.variance))
        shape: Shape = tuple(x.type.shape[a] if a in kept else 1 for a in range(x.type.rank))
        if mean.type.rank < len(kept):
            last = kept[-1:] if mean.type.rank else ()
            shape = tuple(x.type.shape[a] if a in last else 1 for a in range(x.type.rank))
        mean, variance = (b.op("reshape", v, shape=shape) for v in (mean, variance))
        spread = b.op("maximum", b.op("sqrt", variance), b.constant(EPSILON))
        if self.invert:
            return b.op("add", mean, b.op("multiply", x, spread))
        return b.op("divide", b.op("subtract", x, mean), spread)


def _numbers(b: Builder, value: float | tuple[float, ...] | None) -> Value:
    return b.op("array", value=value, dtype="f32")


@final
@layer("discretization")
class Discretization(Layer):
    """Numbers to the bins that they are in: bin 0 is below the first boundary.

    Boundaries are learned from the training split before the first update, so that about as
    many numbers are in each bin; or they are given.
    """

    example = Example("x -> discretization(num_bins=4)", x="f32")

    shape = "batch *numbers -> batch *bins"

    bin_boundaries: tuple[float, ...] | None = arg(
        default=None, doc="Where bins end, if that is known; each belongs to the bin above it."
    )
    num_bins: int | None = arg(default=None, doc="How many bins are learned.")
    epsilon: float = arg(default=0.01, doc="How exact quantiles are: a part of all numbers.")
    output_mode: Literal["int", "one_hot", "multi_hot", "count"] = arg(
        default="int", doc="Bins, or what `category_encoding` makes of them."
    )

    def check(self) -> str | None:
        """One of both, and in order."""
        if (self.bin_boundaries is None) == (self.num_bins is None):
            return "it needs num_bins or bin_boundaries, and not both"
        if self.num_bins is not None and self.num_bins < 2:
            return "num_bins must be at least 2"
        if not 0 < self.epsilon < 1:
            return f"epsilon must be between 0 and 1, not {self.epsilon}"
        edges = self.bin_boundaries or ()
        ordered = all(a < b for a, b in itertools.pairwise(edges))
        return None if ordered else "bin_boundaries must rise"

    def misfit(self, *operands: TensorType) -> str | None:
        """Numbers, in a row where bins are counted."""
        if operands[0].is_hosted:
            return f"it takes numbers, not {operands[0]}"
        return encoding_misfit(self.output_mode, operands[0])

    def weights(self, dims: Dims) -> Mapping[str, WeightSpec]:
        """The boundaries, where they are learned."""
        if self.num_bins is None:
            return {}
        return {"bin_boundaries": WeightSpec((self.num_bins - 1,), Zeros(), trainable=False)}

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """Learning, a search, and an encoding."""
        x = to_float(b, operands[0])
        if self.num_bins is None:
            edges = _numbers(b, self.bin_boundaries)
        else:
            edges = weights["bin_boundaries"]
            b.learn((edges,), "learn_quantiles", x, bins=self.num_bins, epsilon=float(self.epsilon))
        numbers = b.op("searchsorted", edges, x, side="right")
        depth = self.num_bins or len(self.bin_boundaries or ()) + 1
        return encode(b, numbers, self.output_mode, depth)
