"""Gradient descent and its adaptive relatives, with Keras' numbers."""

from __future__ import annotations

from typing import final

from kspec.optimizers.base import Emit, Optimizer, arg, optimizer
from kspec.schedules.base import Schedule, emit_rate


def _check_share(**values: float) -> str | None:
    for name, value in values.items():
        if not 0 <= value < 1:
            return f"{name} must be in [0, 1), not {value}"
    return None


@final
@optimizer("sgd")
class SGD(Optimizer):
    """Gradient descent, with momentum if asked for.

    velocity = momentum * velocity - learning_rate * g;  w = w + velocity
    nesterov:  w = w + momentum * velocity - learning_rate * g
    """

    learning_rate: float | Schedule = arg(default=0.01, doc="The size of a step, or a schedule.")
    momentum: float = arg(default=0.0, doc="How much of the last step is added to the next.")
    nesterov: bool = arg(default=False, doc="Whether to look one step of momentum ahead.")

    def check(self) -> str | None:
        """Momentum below 1, so that steps die out."""
        return _check_share(momentum=self.momentum)

    def emit(self, emit: Emit) -> str:
        """The learning rate goes into the velocity, as in Keras."""
        rate = emit_rate(self.learning_rate, emit)
        if self.momentum == 0:
            return f"optax.sgd({rate})"
        step = f"optax.scale_by_learning_rate({rate})"
        nesterov = ", nesterov=True" if self.nesterov else ""
        return f"optax.chain({step}, optax.trace(decay={self.momentum!r}{nesterov}))"


@final
@optimizer("rmsprop")
class RMSprop(Optimizer):
    """Divide the gradient by a running root mean square of itself.

    v = rho * v + (1 - rho) * g ** 2;  w = w - learning_rate * g / sqrt(v + epsilon)
    centered:  sqrt(v - mean(g) ** 2 + epsilon).  Source: Tieleman and Hinton, 2012.
    """

    learning_rate: float | Schedule = arg(default=0.001, doc="The size of a step, or a schedule.")
    rho: float = arg(default=0.9, doc="How much of the old mean square stays.")
    momentum: float = arg(default=0.0, doc="How much of the last step is added to the next.")
    epsilon: float = arg(default=1e-7, doc="Added under the root.")
    centered: bool = arg(default=False, doc="Whether to divide by the deviation instead.")

    def check(self) -> str | None:
        """Averages keep less than everything."""
        return _check_share(rho=self.rho, momentum=self.momentum)

    def emit(self, emit: Emit) -> str:
        """Optax has the same rule."""
        options = [f"decay={self.rho!r}", f"eps={self.epsilon!r}"]
        if self.centered:
            options.append("centered=True")
        if self.momentum:
            options.append(f"momentum={self.momentum!r}")
        rate = emit_rate(self.learning_rate, emit)
        return f"optax.rmsprop({rate}, {', '.join(options)})"


@final
@optimizer("adam")
class Adam(Optimizer):
    """Divide the first moment of the gradient by the root of the second.

    m = beta_1 * m + (1 - beta_1) * g;  v = beta_2 * v + (1 - beta_2) * g ** 2
    w = w - learning_rate * sqrt(1 - beta_2 ** t) / (1 - beta_1 ** t) * m / (sqrt(v) + epsilon)

    Source: Kingma and Ba, 2015; epsilon is their "epsilon hat".
    """

    learning_rate: float | Schedule = arg(default=0.001, doc="The size of a step, or a schedule.")
    beta_1: float = arg(default=0.9, doc="How much of the old first moment stays.")
    beta_2: float = arg(default=0.999, doc="How much of the old second moment stays.")
    epsilon: float = arg(default=1e-7, doc="Added to the root.")
    amsgrad: bool = arg(default=False, doc="Whether to divide by the largest v so far.")

    def check(self) -> str | None:
        """Averages keep less than everything."""
        return _check_share(beta_1=self.beta_1, beta_2=self.beta_2)

    def emit(self, emit: Emit) -> str:
        """A helper: Optax adds epsilon at another place."""
        amsgrad = ", amsgrad=True" if self.amsgrad else ""
        moments = (
            f"{emit.helper('scale_by_keras_adam')}({self.beta_1!r}, {self.beta_2!r}, "
            f"{self.epsilon!r}{amsgrad})"
        )
        rate = emit_rate(self.learning_rate, emit)
        return f"optax.chain({moments}, optax.scale_by_learning_rate({rate}))"
