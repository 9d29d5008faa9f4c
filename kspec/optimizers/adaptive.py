"""Rates that adapt to each weight: by all its gradients so far, or by its latest ones."""

from __future__ import annotations

import math
from typing import final

from kspec.optimizers.base import (
    Emit,
    Optimizer,
    Schedule,
    arg,
    optimizer,
    positive,
    share,
)
from kspec.schedules.base import emit_schedule


@final
@optimizer("adagrad")
class Adagrad(Optimizer):
    """Divide the gradient by the root of the sum of its squares so far.

    a = a + g ** 2;  w = w - learning_rate * g / sqrt(a + epsilon)

    Source: Duchi et al., Adaptive Subgradient Methods, 2011.
    """

    learning_rate: float | Schedule = arg(default=0.001, doc="The size of a step, or a schedule.")
    initial_accumulator_value: float = arg(default=0.1, doc="What the sums begin with.")
    epsilon: float = arg(default=1e-7, doc="Added under the root.")

    def check_rule(self) -> str | None:
        """A sum of squares is not below 0."""
        return _not_below_0(initial_accumulator_value=self.initial_accumulator_value)

    def copies(self) -> int:
        """The sum of squares."""
        return 1

    def rule(self, emit: Emit) -> list[str]:
        """Optax has the same rule."""
        start = self.initial_accumulator_value
        return self.by_rate(emit, f"optax.scale_by_rss({start!r}, {self.epsilon!r})")


@final
@optimizer("adadelta")
class Adadelta(Optimizer):
    """Give steps the size that earlier steps had, over that of the gradient.

    v = rho * v + (1 - rho) * g ** 2;  d = sqrt(u + epsilon) / sqrt(v + epsilon) * g
    u = rho * u + (1 - rho) * d ** 2;  w = w - learning_rate * d

    Source: Zeiler, ADADELTA, 2012, where the learning rate is 1.
    """

    learning_rate: float | Schedule = arg(default=0.001, doc="The size of a step, or a schedule.")
    rho: float = arg(default=0.95, doc="How much of the old mean squares stays.")
    epsilon: float = arg(default=1e-7, doc="Added under the roots.")

    def check_rule(self) -> str | None:
        """Averages keep less than everything."""
        return share(rho=self.rho)

    def copies(self) -> int:
        """The mean squares of gradients and of steps."""
        return 2

    def rule(self, emit: Emit) -> list[str]:
        """Optax has the same rule."""
        return self.by_rate(emit, f"optax.scale_by_adadelta({self.rho!r}, {self.epsilon!r})")


@final
@optimizer("adafactor")
class Adafactor(Optimizer):
    """Steps in proportion to the weights, over a mean square kept by rows and columns.

    b = 1 - t ** beta_2_decay;  v = b * v + (1 - b) * (g ** 2 + epsilon_1);  u = g / sqrt(v)
    where a weight has two axes or more, only the means of v over each of the last two are kept
    u = u / max(1, rms(u) / clip_threshold)
    w = w - min(learning_rate, 1 / sqrt(t)) * max(epsilon_2, rms(w)) * u

    Source: Shazeer and Stern, Adafactor, 2018.
    """

    elementwise = False

    learning_rate: float | Schedule = arg(
        default=0.001, doc="The largest relative size of a step, or a schedule."
    )
    beta_2_decay: float = arg(default=-0.8, doc="How fast the mean square forgets less, below 0.")
    epsilon_1: float = arg(default=1e-30, doc="Added to squares of the gradient.")
    epsilon_2: float = arg(default=1e-3, doc="The least size that weights are taken to have.")
    clip_threshold: float = arg(default=1.0, doc="The largest root mean square of u.")
    relative_step: bool = arg(
        default=True,
        doc="Without effect, as in Keras 3.15.1: the rate is never above 1 / sqrt(t).",
    )

    def check_rule(self) -> str | None:
        """The mean square forgets less as time goes by."""
        if self.beta_2_decay >= 0:
            return f"beta_2_decay must be below 0, not {self.beta_2_decay}"
        return positive(clip_threshold=self.clip_threshold)

    def moments(self, path: str, shape: tuple[int, ...]) -> int:
        """Mean squares by rows and by columns."""
        if len(shape) < 2:
            return math.prod(shape) + 1
        return math.prod(shape[:-1]) + math.prod((*shape[:-2], shape[-1]))

    def rule(self, emit: Emit) -> list[str]:
        """A helper: Optax has other limits."""
        rule = emit.helper("keras_adafactor")
        rate = emit_schedule(self.learning_rate, emit)
        options = (self.beta_2_decay, self.epsilon_1, self.epsilon_2, self.clip_threshold)
        return self.decayed_first(emit, f"{rule}({rate}, {', '.join(map(repr, options))})")


@final
@optimizer("ftrl")
class Ftrl(Optimizer):
    """Follow the regularized leader: weights from all gradients, small ones exactly 0.

    h = g + 2 * l2_shrinkage_regularization_strength * w;  n = a + g ** 2;  p = -learning_rate_power
    z = z + h - (n ** p - a ** p) / learning_rate * w;  a = n
    q = n ** p / learning_rate + 2 * (l2_regularization_strength + beta / (2 * learning_rate))
    w = (clip(z, -l1, l1) - z) / q, where l1 is l1_regularization_strength

    Source: McMahan et al., Ad Click Prediction, 2013.
    """

    learning_rate: float | Schedule = arg(default=0.001, doc="The size of a step, or a schedule.")
    learning_rate_power: float = arg(
        default=-0.5, doc="How steps shrink with the sum of squares; 0 for never."
    )
    initial_accumulator_value: float = arg(default=0.1, doc="What the sums begin with.")
    l1_regularization_strength: float = arg(default=0.0, doc="What keeps small weights at 0.")
    l2_regularization_strength: float = arg(default=0.0, doc="What keeps weights small.")
    l2_shrinkage_regularization_strength: float = arg(
        default=0.0, doc="What keeps weights small, by way of the gradient."
    )
    beta: float = arg(default=0.0, doc="The beta of the paper, which makes first steps smaller.")

    def check_rule(self) -> str | None:
        """The learning rate is divided by."""
        if self.learning_rate_power > 0:
            return f"learning_rate_power must be at most 0, not {self.learning_rate_power}"
        if isinstance(self.learning_rate, float):
            message = positive(learning_rate=self.learning_rate)
            if message is not None:
                return message
        return _not_below_0(
            initial_accumulator_value=self.initial_accumulator_value,
            l1_regularization_strength=self.l1_regularization_strength,
            l2_regularization_strength=self.l2_regularization_strength,
            l2_shrinkage_regularization_strength=self.l2_shrinkage_regularization_strength,
        )

    def copies(self) -> int:
        """Its two sums."""
        return 2

    def rule(self, emit: Emit) -> list[str]:
        """A helper: Optax has no such rule."""
        named = {
            "power": -self.learning_rate_power,
            "start": self.initial_accumulator_value,
            "l1": self.l1_regularization_strength,
            "l2": self.l2_regularization_strength,
            "shrinkage": self.l2_shrinkage_regularization_strength,
            "beta": self.beta,
        }
        rule = emit.helper("keras_ftrl")
        options = [f"{name}={value!r}" for name, value in named.items() if value]
        rate = emit_schedule(self.learning_rate, emit)
        return self.decayed_first(emit, f"{rule}({', '.join([rate, *options])})")


def _not_below_0(**values: float) -> str | None:
    for name, value in values.items():
        if value < 0:
            return f"{name} must be at least 0, not {value}"
    return None
