"""Initializers that draw. Names, arguments and distributions are Keras'.

A seed is no argument: every weight draws from a key of its own, folded from the run's.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal, final

from kspec.initializers.base import Emit, Initializer, arg, initializer
from kspec.initializers.expressions import dtype, shape
from kspec.ir import TensorType


@final
@initializer("random_normal")
class RandomNormal(Initializer):
    """Normal."""

    mean: float = arg(default=0.0, doc="The mean.")
    stddev: float = arg(default=0.05, doc="The standard deviation.")

    def emit(self, key: str, type: TensorType, emit: Emit) -> str:
        """A scaled draw of `jax.random.normal`."""
        draw = f"{self.stddev!r} * jax.random.normal({key}, {shape(type)}, {dtype(type)})"
        return f"{self.mean!r} + {draw}" if self.mean else draw


@final
@initializer("truncated_normal")
class TruncatedNormal(Initializer):
    """Normal, drawn again beyond two standard deviations."""

    mean: float = arg(default=0.0, doc="The mean.")
    stddev: float = arg(default=0.05, doc="The standard deviation before truncation.")

    def emit(self, key: str, type: TensorType, emit: Emit) -> str:
        """A scaled draw of `jax.random.truncated_normal`."""
        bounds = f"{key}, -2.0, 2.0, {shape(type)}, {dtype(type)}"
        draw = f"{self.stddev!r} * jax.random.truncated_normal({bounds})"
        return f"{self.mean!r} + {draw}" if self.mean else draw


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
        return f"jax.random.uniform({key}, {shape(type)}, {dtype(type)}, {bounds})"


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
    scale: float,
    mode: str,
    distribution: str,
    key: str,
    type: TensorType,
    emit: Emit,
    fans: tuple[tuple[int, ...], tuple[int, ...]] | None = None,
) -> str:
    """A draw whose variance is `scale` over a fan; vectors have their size as both fans."""
    if distribution == "untruncated_normal":
        distribution = "normal"
    if len(type.shape) < 2:
        if fans is not None:  # each fan is the vector's size or 1
            size = math.prod(map(int, type.shape))
            fan_in, fan_out = (size if axes else 1 for axes in fans)
            fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
            scale = scale * size / fan
        return (
            f"{emit.helper('scaled_vector')}({key}, {shape(type)}, {scale!r}, "
            f'"{distribution}", {dtype(type)})'
        )
    axes = f", in_axis={fans[0]}, out_axis={fans[1]}" if fans else ""
    rule = f'jax.nn.initializers.variance_scaling({scale!r}, "{mode}", "{distribution}"{axes})'
    return f"{rule}({key}, {shape(type)}, {dtype(type)})"


class _Scaling(Initializer):
    """A fixed case of variance scaling, under a name of its own."""

    jax_name: ClassVar[str]
    scale: ClassVar[float]
    mode: ClassVar[str]
    distribution: ClassVar[str]

    def emit(self, key: str, type: TensorType, emit: Emit) -> str:
        """`jax.nn.initializers.glorot_uniform()(key, (64, 512), jnp.float32)`."""
        fans = _fans(self)
        if len(type.shape) < 2:
            return _scaled(self.scale, self.mode, self.distribution, key, type, emit, fans)
        axes = f"in_axis={fans[0]}, out_axis={fans[1]}" if fans else ""
        rule = f"jax.nn.initializers.{self.jax_name}({axes})"
        return f"{rule}({key}, {shape(type)}, {dtype(type)})"


@final
@initializer("glorot_uniform")
class GlorotUniform(_Scaling):
    """Uniform with variance 2 / (fan in + fan out). Source: Glorot and Bengio, 2010."""

    jax_name = "glorot_uniform"
    scale, mode, distribution = 1.0, "fan_avg", "uniform"


@final
@initializer("glorot_normal")
class GlorotNormal(_Scaling):
    """Truncated normal with variance 2 / (fan in + fan out). Source: Glorot and Bengio, 2010."""

    jax_name = "glorot_normal"
    scale, mode, distribution = 1.0, "fan_avg", "truncated_normal"


@final
@initializer("he_uniform")
class HeUniform(_Scaling):
    """Uniform with variance 2 / fan in. Source: He et al., 2015."""

    jax_name = "he_uniform"
    scale, mode, distribution = 2.0, "fan_in", "uniform"


@final
@initializer("he_normal")
class HeNormal(_Scaling):
    """Truncated normal with variance 2 / fan in. Source: He et al., 2015."""

    jax_name = "he_normal"
    scale, mode, distribution = 2.0, "fan_in", "truncated_normal"


@final
@initializer("lecun_uniform")
class LecunUniform(_Scaling):
    """Uniform with variance 1 / fan in. Source: LeCun et al., Efficient BackProp, 1998."""

    jax_name = "lecun_uniform"
    scale, mode, distribution = 1.0, "fan_in", "uniform"


@final
@initializer("lecun_normal")
class LecunNormal(_Scaling):
    """Truncated normal with variance 1 / fan in. Source: LeCun et al., 1998."""

    jax_name = "lecun_normal"
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
        """`jax.nn.initializers.variance_scaling(...)(key, shape, dtype)`."""
        return _scaled(self.scale, self.mode, self.distribution, key, type, emit, _fans(self))
