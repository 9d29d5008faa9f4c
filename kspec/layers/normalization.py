"""Normalization by statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from kspec.initializers.base import Initializer
from kspec.initializers.constants import Ones, Zeros
from kspec.ir import Builder, TensorType, Value
from kspec.layers.base import Dims, Layer, WeightSpec, arg, layer, to_float


@final
@layer("batch_normalization")
class BatchNormalization(Layer):
    """Bring each channel to mean 0 and variance 1, then scale and shift it as learned.

    y = (x - mean) / sqrt(variance + epsilon) * gamma + beta

    Training takes the batch's own moments and moves the statistics towards them:
    moving = moving * momentum + batch * (1 - momentum). Evaluation and prediction take
    the moving statistics. Source: Ioffe and Szegedy, 2015.
    """

    shape = "*batch -> *batch"
    masking = "keeps"

    axis: int = arg(default=-1, doc="The axis of the channels.")
    momentum: float = arg(default=0.99, doc="How much of the old statistics stays.")
    epsilon: float = arg(default=0.001, doc="Added to the variance.")
    center: bool = arg(default=True, doc="Whether to add beta.")
    scale: bool = arg(default=True, doc="Whether to multiply by gamma.")
    beta_initializer: Initializer = arg(default=Zeros(), doc="How beta starts.")
    gamma_initializer: Initializer = arg(default=Ones(), doc="How gamma starts.")
    moving_mean_initializer: Initializer = arg(default=Zeros(), doc="How the mean starts.")
    moving_variance_initializer: Initializer = arg(default=Ones(), doc="How the variance starts.")

    def check(self) -> str | None:
        """Statistics move towards the batch, never away."""
        if not 0 <= self.momentum <= 1:
            return f"momentum must be in [0, 1], not {self.momentum}"
        return None if self.epsilon >= 0 else "epsilon must not be negative"

    def misfit(self, *operands: TensorType) -> str | None:
        """The axis must be there, and not be the batch."""
        rank = operands[0].rank
        if not -rank < self.axis < rank or self.axis % rank == 0:
            return f"{operands[0]} has no axis {self.axis} of channels"
        return None

    def dims(self, dims: Dims) -> Dims:
        """The number of channels."""
        axes = dims["batch"]
        return {"channels": axes[self.axis % len(axes)]} if isinstance(axes, tuple) else {}

    def weights(self, dims: Dims) -> Mapping[str, WeightSpec]:
        """Scale and shift, and the statistics, which are not learned."""
        weights: dict[str, WeightSpec] = {}
        if self.scale:
            weights["gamma"] = WeightSpec("channels", self.gamma_initializer)
        if self.center:
            weights["beta"] = WeightSpec("channels", self.beta_initializer)
        weights["moving_mean"] = WeightSpec(
            "channels", self.moving_mean_initializer, trainable=False
        )
        weights["moving_variance"] = WeightSpec(
            "channels", self.moving_variance_initializer, trainable=False
        )
        return weights

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """One op, which the modes split into moments and normalization."""
        learned = [weights[name] for name in ("gamma", "beta") if name in weights]
        return b.op(
            "batch_norm",
            to_float(b, operands[0]),
            weights["moving_mean"],
            weights["moving_variance"],
            *learned,
            axis=self.axis % operands[0].type.rank,
            momentum=self.momentum,
            epsilon=self.epsilon,
            scale=self.scale,
            center=self.center,
        )
