"""Layers that act in training alone.

What is drawn is a function of the run's seed, the step, and the layer's place; there is no
seed of a layer's own.
"""

from __future__ import annotations

import math
from typing import ClassVar, final

from kspec.ir import Builder, TensorType, TypeRuleError, Value
from kspec.layers.base import Layer, arg, layer, to_float
from kspec.registry import Example
from kspec.regularizers.base import Regularizer
from kspec.regularizers.norms import L1L2


class _Random(Layer):
    """A function of the operand and a key in training, the operand itself otherwise."""

    shape = "*batch -> *batch"
    masking = "keeps"

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """A draw while training, and nothing otherwise."""
        x = to_float(b, operands[0])
        key = b.op("random_key", hint="key")
        return b.op("where_training", self.draw(b, x, key), x)

    def draw(self, b: Builder, x: Value, key: Value) -> Value:
        """What training makes of the operand."""
        raise NotImplementedError


class _Rate(_Random):
    """A share of the elements."""

    rate: float = arg(doc="The fraction, from 0 up to 1.")

    def check(self) -> str | None:
        """Something must be left."""
        return None if 0 <= self.rate < 1 else f"rate must be in [0, 1), not {self.rate}"


class _Shaped(_Rate):
    """A share of the elements, which draws may hold for several."""

    noise_shape: tuple[int | None, ...] | None = arg(
        default=None,
        doc="Sizes of the draws, the batch's first: none for the operand's, 1 for one draw.",
    )

    def shared(self, x: TensorType) -> tuple[int, ...]:
        """Axes along which one draw holds. Raises TypeRuleError where sizes do not fit."""
        if self.noise_shape is None:
            return ()
        if len(self.noise_shape) != x.rank:
            raise TypeRuleError(f"noise_shape must have {x.rank} sizes for {x}")
        for given, size in zip(self.noise_shape, x.shape, strict=True):
            if given not in (None, 1, size):
                raise TypeRuleError(f"noise_shape has {given} where {x} has {size}")
        sizes = zip(self.noise_shape, x.shape, strict=True)
        return tuple(i for i, (given, size) in enumerate(sizes) if given == 1 and size != 1)


@final
@layer("dropout")
class Dropout(_Shaped):
    """Set a fraction of the elements to 0 in training, and scale the others up.

    Source: Srivastava et al., 2014.
    """

    def draw(self, b: Builder, x: Value, key: Value) -> Value:
        """One op."""
        shared = self.shared(x.type)
        if shared:
            return b.op("shared_dropout", x, key, rate=self.rate, axes=shared)
        return b.op("dropout_with_key", x, key, rate=self.rate)


@final
@layer("alpha_dropout")
class AlphaDropout(_Shaped):
    """Set a fraction of the elements to the low end of `selu` in training.

    Then scale and shift, so that mean 0 and variance 1 stay. Source: Klambauer et al., 2017.
    """

    def draw(self, b: Builder, x: Value, key: Value) -> Value:
        """One op."""
        return b.op("alpha_dropout", x, key, rate=self.rate, axes=self.shared(x.type))


@final
@layer("gaussian_dropout")
class GaussianDropout(_Rate):
    """Multiply by normal draws of mean 1 and variance rate / (1 - rate) in training.

    Source: Srivastava et al., 2014.
    """

    def draw(self, b: Builder, x: Value, key: Value) -> Value:
        """A product."""
        deviation = b.constant(math.sqrt(self.rate / (1 - self.rate)), x.type.dtype)
        noise = b.op("multiply", b.op("normal_like", x, key, hint="noise"), deviation, hint="noise")
        return b.op("multiply", x, b.op("add", noise, b.constant(1.0, x.type.dtype), hint="noise"))


@final
@layer("gaussian_noise")
class GaussianNoise(_Random):
    """Add normal draws of mean 0 in training."""

    example = Example("x -> gaussian_noise(0.1)", x="f32[6]")

    stddev: float = arg(doc="Their standard deviation, from 0 to 1.")

    def check(self) -> str | None:
        """As far as Keras goes."""
        return None if 0 <= self.stddev <= 1 else f"stddev must be in [0, 1], not {self.stddev}"

    def draw(self, b: Builder, x: Value, key: Value) -> Value:
        """A sum."""
        noise = b.op("normal_like", x, key, hint="noise")
        deviation = b.constant(self.stddev, x.type.dtype)
        return b.op("add", x, b.op("multiply", noise, deviation, hint="noise"))


class _Spatial(_Rate):
    """Dropout of whole channels. Source: Tompson et al., 2014."""

    axes: ClassVar[tuple[int, ...]]

    def draw(self, b: Builder, x: Value, key: Value) -> Value:
        """One op, whose draws hold for all places of a channel."""
        return b.op("shared_dropout", x, key, rate=self.rate, axes=self.axes)


@final
@layer("spatial_dropout1d")
class SpatialDropout1D(_Spatial):
    """Set whole channels of a sequence to 0 in training, and scale the others up."""

    shape = "batch steps channels -> batch steps channels"
    axes = (1,)


@final
@layer("spatial_dropout2d")
class SpatialDropout2D(_Spatial):
    """Set whole channels of an image to 0 in training, and scale the others up."""

    shape = "batch height width channels -> batch height width channels"
    axes = (1, 2)


@final
@layer("spatial_dropout3d")
class SpatialDropout3D(_Spatial):
    """Set whole channels of a volume to 0 in training, and scale the others up."""

    shape = "batch depth height width channels -> batch depth height width channels"
    axes = (1, 2, 3)


@final
@layer("activity_regularization")
class ActivityRegularization(Layer):
    """Give the operand itself, and put a penalty on it in training.

    The penalty is l1 * sum(abs(x)) + l2 * sum(x^2), a mean over the batch.
    """

    shape = "*batch -> *batch"
    masking = "keeps"

    l1: float = arg(default=0.0, doc="The factor of the absolute values.")
    l2: float = arg(default=0.0, doc="The factor of the squares.")

    def check(self) -> str | None:
        """The factors are those of a regularizer."""
        return L1L2(l1=self.l1, l2=self.l2).check()

    def penalty(self) -> Regularizer | None:
        """Both sums."""
        return L1L2(l1=self.l1, l2=self.l2)

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """Nothing to write."""
        return to_float(b, operands[0])
