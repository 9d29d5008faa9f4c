"""What layers of normalization share: the scale gamma and the shift beta behind it."""

from __future__ import annotations

from collections.abc import Mapping

from kspec.constraints.base import Constraint
from kspec.initializers.base import Initializer
from kspec.initializers.constants import Ones, Zeros
from kspec.ir import TensorType, TypeRuleError, Value
from kspec.layers.base import Layer, WeightSpec, arg
from kspec.regularizers.base import Regularizer


class AffineLayer(Layer):
    """normalized(x) * gamma + beta, whatever the normalization is.

    Penalties and constraints are declared where the signature has them.
    """

    shape = "*batch -> *batch"
    masking = "keeps"

    beta_regularizer: Regularizer | None = None
    gamma_regularizer: Regularizer | None = None
    beta_constraint: Constraint | None = None
    gamma_constraint: Constraint | None = None

    epsilon: float = arg(default=0.001, doc="Added to the variance.", last=True)
    center: bool = arg(default=True, doc="Whether to add beta.", last=True)
    scale: bool = arg(default=True, doc="Whether to multiply by gamma.", last=True)
    beta_initializer: Initializer = arg(default=Zeros(), doc="How beta starts.", last=True)
    gamma_initializer: Initializer = arg(default=Ones(), doc="How gamma starts.", last=True)

    def check(self) -> str | None:
        """Nothing negative is added to a variance."""
        return None if self.epsilon >= 0 else "epsilon must not be negative"

    def learned(self, shape: str) -> dict[str, WeightSpec]:
        """Scale and shift, given their axes."""
        weights: dict[str, WeightSpec] = {}
        if self.scale:
            weights["gamma"] = WeightSpec(
                shape,
                self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
            )
        if self.center:
            weights["beta"] = WeightSpec(
                shape,
                self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
            )
        return weights


def places(axis: int | tuple[int, ...], x: TensorType) -> tuple[int, ...]:
    """Axes counted from 0, in order. Raises TypeRuleError for the batch and missing ones."""
    axes = (axis,) if isinstance(axis, int) else axis
    bad = [each for each in axes if not -x.rank <= each < x.rank or each % x.rank == 0]
    if bad or not axes:
        raise TypeRuleError(f"{x} has no axis {bad[0] if bad else ()} to normalize along")
    return tuple(sorted({each % x.rank for each in axes}))


def sizes(axes: tuple[int, ...], x: TensorType) -> str:
    """Those axes of a type, as weights name theirs."""
    return " ".join(str(x.shape[axis]) for axis in axes)


def in_order(weights: Mapping[str, Value]) -> list[Value]:
    """Scale and shift, as far as they are there."""
    return [weights[name] for name in ("gamma", "beta") if name in weights]
