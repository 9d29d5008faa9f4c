"""Initializers that draw. Names, arguments and distributions are Keras'.

A seed is no argument: every weight draws from a key of its own, folded from the run's. Numbers are
drawn in a row, and then take their shape: XLA compiles a draw of one axis three times as fast, and
once for all shapes of a size. The bits are those of a draw in the shape.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal, final

from kspec.initializers.base import Emit, Initializer, arg, initializer
from kspec.initializers.expressions import dtype, in_shape, row, shape
from kspec.ir import TensorType


@final
@initializer("random_normal")
class RandomNormal(Initializer):
    """Normal."""

    mean: float = arg(default=0.0, doc="The mean.")
    stddev: float = arg(default=0.05, doc="The standard deviation.")

    def emit(self, key: str, type: TensorType, emit: Emit) -> str:
        """A scaled draw of `jax.random.normal`."""
        drawn = f"jax.random.normal({key}, {row(type)}, {dtype(type)})"
        return in_shape(_spread(drawn, self.mean, self.stddev, emit), type)


@final
@initializer("truncated_normal")
class TruncatedNormal(Initializer):
    """Normal, drawn again beyond two standard deviations."""

    mean: float = arg(default=0.0, doc="The mean.")
    stddev: float = arg(default=0.05, doc="The standard deviation before truncation.")

    def emit(self, key: str, type: TensorType, emit: Emit) -> str:
        """A scaled draw of `jax.random.truncated_normal`."""
        bounds = f"{key}, -2.0, 2.0, {row(type)}, {dtype(type)}"
        drawn = f"jax.random.truncated_normal({bounds})"
        return in_shape(_spread(drawn, self.mean, self.stddev, emit), type)


def _spread(drawn: str, mean: float, deviation: float, emit: Emit) -> str:
    return f"{emit.helper('scale_and_shift')}({drawn}, {deviation!r}, {mean!r})"


@final
@initializer("random_uniform")
class RandomUniform(Initializer):
    """Uniform between two bounds."""

    minval: float = arg(default=-0.05, doc="The lower bound.")
    maxval: float = arg(default=0.05, doc="The upper bound.")

    def check(self) -> str | None:
        """Bounds in order."""
        return None if self.minval < self.maxval else "minval must be less than maxval"

    def emit(self, key: str, type: TensorType, emit: Emit) -> str:
        """A draw of `jax.random.uniform`."""
        bounds = f"{self.minval!r}, {self.maxval!r}"
        draw = f"jax.random.uniform({key}, {row(type)}, {dtype(type)}, {bounds})"
        return in_shape(draw, type)


@final
@initializer("orthogonal")
class Orthogonal(Initializer):
    """Orthogonal rows or columns. Source: Saxe et al., Exact Solutions, 2013."""

    gain: float = arg(default=1.0, doc="Scales the matrix.")

    def misfit(self, type: TensorType) -> str | None:
        """A row alone is at right angles to nothing."""
        return None if type.rank >= 2 else f"it is for weights of two axes or more, not {type}"

    def emit(self, key: str, type: TensorType, emit: Emit) -> str:
        """`jax.nn.initializers.orthogonal(1.0)(key, (64, 64), jnp.float32)`."""
        rule = f"jax.nn.initializers.orthogonal({self.gain!r})"
        return f"{rule}({key}, {shape(type)}, {dtype(type)})"


def with_fans(
    initializer: Initializer, inputs: tuple[int, ...], outputs: tuple[int, ...]
) -> Initializer:
    """The initializer where a weight's axes say what is fan in and fan out.

    Others than those that scale by a fan are as they were.
    """
    if not isinstance(initializer, (_Scaling, VarianceScaling)):
        return initializer
    values: dict[str, Any] = {
        each.name: getattr(initializer, each.name) for each in type(initializer).args
    }
    values |= {"input_axes": inputs, "output_axes": outputs}
    return type(initializer)(**values)


def _fans(initializer: Initializer) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """The axes of fan in and fan out, where a layer gave them."""
    extra = initializer.extra
    return (extra["input_axes"], extra["output_axes"]) if extra else None


def _scaled(
    initializer: Initializer,
    rule: tuple[float, str, str],
    key: str,
    type: TensorType,
    emit: Emit,
) -> str:
    """A draw whose variance is a scale over a fan: scale, mode, and distribution.

    Both fans of a vector are its size, unless its layer says what its axes are. The other axes of a
    weight, such as those of a window, count for both.
    """
    sizes = [int(size) for size in type.shape if isinstance(size, int)]
    inputs, outputs = _fans(initializer) or (((-2,), (-1,)) if len(sizes) > 1 else ((), ()))
    size = math.prod(sizes)
    fan_in = size // max(1, math.prod(sizes[axis] for axis in outputs))
    fan_out = size // max(1, math.prod(sizes[axis] for axis in inputs))
    scale, mode, distribution = rule
    fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
    return (
        f"{emit.helper(f'scaled_{distribution}')}({key}, {shape(type)}, {dtype(type)}, "
        f"variance={float(scale)!r} / {float(max(1, fan))!r})"
    )


class _Scaling(Initializer):
    """A fixed case of variance scaling, under a name of its own."""

    scale: ClassVar[float]
    mode: ClassVar[str]
    distribution: ClassVar[str]

    def emit(self, key: str, type: TensorType, emit: Emit) -> str:
        """`scaled_uniform(key, (64, 512), jnp.float32, variance=1.0 / 288.0)`."""
        return _scaled(self, (self.scale, self.mode, self.distribution), key, type, emit)


@final
@initializer("glorot_uniform")
class GlorotUniform(_Scaling):
    """Uniform with variance 2 / (fan in + fan out). Source: Glorot and Bengio, 2010."""

    scale, mode, distribution = 1.0, "fan_avg", "uniform"


@final
@initializer("glorot_normal")
class GlorotNormal(_Scaling):
    """Truncated normal with variance 2 / (fan in + fan out). Source: Glorot and Bengio, 2010."""

    scale, mode, distribution = 1.0, "fan_avg", "truncated_normal"


@final
@initializer("he_uniform")
class HeUniform(_Scaling):
    """Uniform with variance 2 / fan in. Source: He et al., 2015."""

    scale, mode, distribution = 2.0, "fan_in", "uniform"


@final
@initializer("he_normal")
class HeNormal(_Scaling):
    """Truncated normal with variance 2 / fan in. Source: He et al., 2015."""

    scale, mode, distribution = 2.0, "fan_in", "truncated_normal"


@final
@initializer("lecun_uniform")
class LecunUniform(_Scaling):
    """Uniform with variance 1 / fan in. Source: LeCun et al., Efficient BackProp, 1998."""

    scale, mode, distribution = 1.0, "fan_in", "uniform"


@final
@initializer("lecun_normal")
class LecunNormal(_Scaling):
    """Truncated normal with variance 1 / fan in. Source: LeCun et al., 1998."""

    scale, mode, distribution = 1.0, "fan_in", "truncated_normal"


@final
@initializer("variance_scaling")
class VarianceScaling(Initializer):
    """A variance of `scale` over a fan."""

    scale: float = arg(default=1.0, doc="The variance times the fan.")
    mode: Literal["fan_in", "fan_out", "fan_avg"] = arg(default="fan_in", doc="Which fan.")
    distribution: Literal["truncated_normal", "untruncated_normal", "uniform"] = arg(
        default="truncated_normal", doc="What to draw from."
    )

    def check(self) -> str | None:
        """A variance is positive."""
        return None if self.scale > 0 else "scale must be greater than 0"

    def emit(self, key: str, type: TensorType, emit: Emit) -> str:
        """`scaled_normal(key, (64, 512), jnp.float32, variance=1.0 / 64.0)`."""
        plain = "normal" if self.distribution == "untruncated_normal" else self.distribution
        return _scaled(self, (self.scale, self.mode, plain), key, type, emit)
