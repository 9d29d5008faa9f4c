"""Normalization by statistics of the batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self, cast, final

from kspec.constraints.base import Constraint
from kspec.diagnostics.record import Node
from kspec.initializers.base import Initializer
from kspec.initializers.constants import Constant, Ones, Zeros
from kspec.ir import Builder, Call, TensorType, Value
from kspec.layers.affine import AffineLayer, in_order, places
from kspec.layers.base import Dims, Masked, Named, WeightSpec, arg, layer, to_float
from kspec.registry import Compound
from kspec.regularizers.base import Regularizer


class Clipping(Node, Compound):
    """How far corrections of batch renormalization go: `{ rmin: 0.3, rmax: 3, dmax: 5 }`.

    Attributes:
        rmin: The smallest factor.
        rmax: The largest factor.
        dmax: The largest shift, to either side.
    """

    words: ClassVar[str] = "a record of rmin, rmax and dmax"

    rmin: float | None = None
    rmax: float | None = None
    dmax: float | None = None

    def __str__(self) -> str:
        given = ((name, getattr(self, name)) for name in ("rmin", "rmax", "dmax"))
        return "{ " + ", ".join(f"{name}: {v}" for name, v in given if v is not None) + " }"

    def call(self) -> Call:
        """As it stands in the IR."""
        return Call("clipping", {"rmin": self.rmin, "rmax": self.rmax, "dmax": self.dmax})

    @classmethod
    def from_call(cls, call: Call) -> Self:
        """What stands there."""
        return cls(**cast("Mapping[str, float | None]", call.args))

    @classmethod
    def from_record(cls, values: Mapping[str, object]) -> Self | None:
        """What a record says; None for other keys and values than these."""
        numbers = {key: v for key, v in values.items() if isinstance(v, (int, float))}
        known = set(numbers) <= {"rmin", "rmax", "dmax"}
        if len(numbers) < len(values) or not known or any(v is True for v in numbers.values()):
            return None
        return cls(**{key: float(v) for key, v in numbers.items()})

    def fault(self) -> str | None:
        """What is wrong with the bounds, or None."""
        if self.rmin is not None and self.rmax is not None and self.rmax < self.rmin:
            return f"rmax must not be less than rmin, {self.rmax} < {self.rmin}"
        return None if (self.dmax or 0) >= 0 else f"dmax must not be negative, not {self.dmax}"


@final
@layer("batch_normalization")
class BatchNormalization(AffineLayer):
    """Bring each channel to mean 0 and variance 1, then scale and shift it as learned.

    y = (x - mean) / sqrt(variance + epsilon) * gamma + beta

    Training takes the batch's own moments, masked time steps left out, and moves the
    statistics towards them: moving = moving * momentum + batch * (1 - momentum). Evaluation
    and prediction take the moving statistics. Source: Ioffe and Szegedy, 2015.

    With `renorm` training corrects by the moving statistics, too: Ioffe, Batch
    Renormalization, 2017.
    """

    masking = "uses"

    axis: int = arg(default=-1, doc="The axis of the channels.")
    momentum: float = arg(default=0.99, doc="How much of the old statistics stays.")
    moving_mean_initializer: Initializer = arg(
        default=Zeros(), doc="How the mean starts.", last=True
    )
    moving_variance_initializer: Initializer = arg(
        default=Ones(), doc="How the variance starts.", last=True
    )
    beta_regularizer: Regularizer | None = arg(default=None, doc="The penalty on beta.", last=True)
    gamma_regularizer: Regularizer | None = arg(
        default=None, doc="The penalty on gamma.", last=True
    )
    beta_constraint: Constraint | None = arg(
        default=None, doc="What beta is brought back to.", last=True
    )
    gamma_constraint: Constraint | None = arg(
        default=None, doc="What gamma is brought back to.", last=True
    )
    renorm: bool = arg(default=False, doc="Whether to correct by moving statistics.", last=True)
    renorm_clipping: Clipping | None = arg(
        default=None, doc="How far corrections go: `{ rmin: 0.3, rmax: 3, dmax: 5 }`.", last=True
    )
    renorm_momentum: float = arg(
        default=0.99, doc="How much of the old statistics of corrections stays.", last=True
    )
    synchronized: bool = arg(
        default=False, doc="Moments of all devices together; here they always are.", last=True
    )

    def check(self) -> str | None:
        """Statistics move towards the batch, never away."""
        for name in ("momentum", "renorm_momentum"):
            if not 0 <= getattr(self, name) <= 1:
                return f"{name} must be in [0, 1], not {getattr(self, name)}"
        if self.renorm and self._deviation() is None:
            return "renorm needs a moving_variance_initializer of ones, zeros or a constant"
        fault = self.renorm_clipping.fault() if self.renorm_clipping else None
        return fault or super().check()

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

    def _deviation(self) -> Initializer | None:
        """How a standard deviation starts: at the root of the variance."""
        start = self.moving_variance_initializer
        if isinstance(start, Constant) and start.value >= 0:
            return Constant(value=start.value**0.5)
        return start if isinstance(start, (Ones, Zeros)) else None

    def weights(self, dims: Dims) -> Mapping[str, WeightSpec]:
        """Scale and shift, and the statistics, which are not learned."""
        starts = {
            "moving_mean": self.moving_mean_initializer,
            "moving_variance": self.moving_variance_initializer,
        }
        deviation = self._deviation()
        if self.renorm and deviation is not None:
            starts["moving_stddev"] = deviation
            starts["renorm_mean"] = self.moving_mean_initializer
            starts["renorm_stddev"] = deviation
        statistics = {
            name: WeightSpec("channels", start, trainable=False) for name, start in starts.items()
        }
        return {**self.learned("channels"), **statistics}

    def apply(
        self,
        b: Builder,
        operands: tuple[Masked, ...],
        weights: Mapping[str, Value],
        named: Named,
    ) -> tuple[Masked, ...]:
        """One op, which the modes split into moments and normalization."""
        x, steps = to_float(b, operands[0].value), operands[0].mask
        attrs: dict[str, Any] = {
            "axis": places(self.axis, x.type)[0],
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "scale": self.scale,
            "center": self.center,
        }
        if self.renorm:
            clipping = self.renorm_clipping or Clipping()
            attrs |= {**clipping.call().args, "renorm_momentum": self.renorm_momentum}
        statistics = [weight for name, weight in weights.items() if name not in ("gamma", "beta")]
        y = b.op(
            "batch_renorm" if self.renorm else "batch_norm",
            x,
            *statistics,
            *in_order(weights),
            *([] if steps is None else [steps]),
            **attrs,
        )
        return (Masked(y, steps),)
