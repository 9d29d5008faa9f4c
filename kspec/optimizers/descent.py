"""Gradient descent, and its steps over a running root mean square."""

from __future__ import annotations

from typing import final

from kspec.optimizers.base import Emit, Optimizer, Schedule, arg, emit_rate, optimizer, share


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

    def check_rule(self) -> str | None:
        """Momentum below 1, so that steps die out."""
        return share(momentum=self.momentum)

    def copies(self) -> int:
        """The velocity, where there is momentum."""
        return int(self.momentum != 0)

    def rule(self, emit: Emit) -> list[str]:
        """The learning rate goes into the velocity, as in Keras."""
        rate = emit_rate(self.learning_rate, emit)
        if self.momentum == 0:
            return self.by_rate(emit) if self.weight_decay else [f"optax.sgd({rate})"]
        nesterov = ", nesterov=True" if self.nesterov else ""
        step = f"optax.scale_by_learning_rate({rate})"
        trace = f"optax.trace(decay={self.momentum!r}{nesterov})"
        return self.decayed_first(emit, step, trace)


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

    def check_rule(self) -> str | None:
        """Averages keep less than everything."""
        return share(rho=self.rho, momentum=self.momentum)

    def copies(self) -> int:
        """The mean square; the mean and the velocity where they are asked for."""
        return 1 + self.centered + (self.momentum != 0)

    def rule(self, emit: Emit) -> list[str]:
        """Optax has the same rule."""
        options = [f"decay={self.rho!r}", f"eps={self.epsilon!r}"]
        if self.centered:
            options.append("centered=True")
        if self.momentum:
            options.append(f"momentum={self.momentum!r}")
        rate = emit_rate(self.learning_rate, emit)
        return self.decayed_first(emit, f"optax.rmsprop({rate}, {', '.join(options)})")
