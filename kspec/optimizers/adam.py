"""Adam and its relatives: the mean of the gradient over the root of its mean square."""

from __future__ import annotations

from typing import final

from kspec.optimizers.base import (
    Emit,
    Optimizer,
    Schedule,
    Steps,
    arg,
    chain,
    emit_rate,
    optimizer,
    share,
)


def moments(
    emit: Emit, beta_1: float, beta_2: float, epsilon: float, *, amsgrad: bool = False
) -> str:
    """The direction of Adam. A helper: Optax adds epsilon at another place."""
    last = ", amsgrad=True" if amsgrad else ""
    return f"{emit.helper('scale_by_keras_adam')}({beta_1!r}, {beta_2!r}, {epsilon!r}{last})"


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

    def check_rule(self) -> str | None:
        """Averages keep less than everything."""
        return share(beta_1=self.beta_1, beta_2=self.beta_2)

    def copies(self) -> int:
        """Its two moments, and the largest second one if that counts."""
        return 2 + self.amsgrad

    def rule(self, emit: Emit) -> list[str]:
        """The direction, and then the rate."""
        direction = moments(emit, self.beta_1, self.beta_2, self.epsilon, amsgrad=self.amsgrad)
        return self.by_rate(emit, direction)


@final
@optimizer("adamw")
class AdamW(Optimizer):
    """Adam whose weights decay unless told otherwise; the decay goes past the moments.

    w = w - learning_rate * (weight_decay * w + adam(g)).  Source: Loshchilov and Hutter,
    Decoupled Weight Decay Regularization, 2019.
    """

    learning_rate: float | Schedule = arg(default=0.001, doc="The size of a step, or a schedule.")
    weight_decay: float = arg(  # pyright: ignore[reportIncompatibleVariableOverride]
        default=0.004, doc="How much of a weight goes with each update, times the learning rate."
    )
    beta_1: float = arg(default=0.9, doc="How much of the old first moment stays.")
    beta_2: float = arg(default=0.999, doc="How much of the old second moment stays.")
    epsilon: float = arg(default=1e-7, doc="Added to the root.")
    amsgrad: bool = arg(default=False, doc="Whether to divide by the largest v so far.")

    def check_rule(self) -> str | None:
        """Averages keep less than everything."""
        return share(beta_1=self.beta_1, beta_2=self.beta_2)

    def copies(self) -> int:
        """Its two moments, and the largest second one if that counts."""
        return 2 + self.amsgrad

    def rule(self, emit: Emit) -> list[str]:
        """The direction, and then the rate."""
        direction = moments(emit, self.beta_1, self.beta_2, self.epsilon, amsgrad=self.amsgrad)
        return self.by_rate(emit, direction)


@final
@optimizer("adamax")
class Adamax(Optimizer):
    """Divide the first moment of the gradient by the largest gradient, which fades.

    m = beta_1 * m + (1 - beta_1) * g;  u = max(beta_2 * u, abs(g))
    w = w - learning_rate / (1 - beta_1 ** t) * m / (u + epsilon)

    Source: Kingma and Ba, Adam, 2015, section 7.
    """

    learning_rate: float | Schedule = arg(default=0.001, doc="The size of a step, or a schedule.")
    beta_1: float = arg(default=0.9, doc="How much of the old first moment stays.")
    beta_2: float = arg(default=0.999, doc="How much of the largest gradient stays.")
    epsilon: float = arg(default=1e-7, doc="Added to the largest gradient.")

    def check_rule(self) -> str | None:
        """Averages keep less than everything."""
        return share(beta_1=self.beta_1, beta_2=self.beta_2)

    def copies(self) -> int:
        """Its two moments."""
        return 2

    def rule(self, emit: Emit) -> list[str]:
        """A helper: Optax adds epsilon before it takes the largest."""
        helper = emit.helper("scale_by_keras_adamax")
        return self.by_rate(emit, f"{helper}({self.beta_1!r}, {self.beta_2!r}, {self.epsilon!r})")


@final
@optimizer("nadam")
class Nadam(Optimizer):
    """Adam that looks one step of momentum ahead.

    u(t) = beta_1 * (1 - 0.96 ** t / 2);  U(t) = u(1) * ... * u(t);  m and v as in Adam
    n = u(t + 1) * m / (1 - U(t + 1)) + (1 - u(t)) * g / (1 - U(t))
    w = w - learning_rate * n / (sqrt(v / (1 - beta_2 ** t)) + epsilon)

    Source: Dozat, Incorporating Nesterov Momentum into Adam, 2016.
    """

    learning_rate: float | Schedule = arg(default=0.001, doc="The size of a step, or a schedule.")
    beta_1: float = arg(default=0.9, doc="How much of the old first moment stays.")
    beta_2: float = arg(default=0.999, doc="How much of the old second moment stays.")
    epsilon: float = arg(default=1e-7, doc="Added to the root.")

    def check_rule(self) -> str | None:
        """Averages keep less than everything."""
        return share(beta_1=self.beta_1, beta_2=self.beta_2)

    def copies(self) -> int:
        """Its two moments."""
        return 2

    def rule(self, emit: Emit) -> list[str]:
        """A helper: Optax has the form without the momentum's own schedule."""
        helper = emit.helper("scale_by_keras_nadam")
        return self.by_rate(emit, f"{helper}({self.beta_1!r}, {self.beta_2!r}, {self.epsilon!r})")


@final
@optimizer("lamb")
class Lamb(Optimizer):
    """Adam whose step is, for each array of weights, as long as the weights are.

    u = (m / (1 - beta_1 ** t)) / (sqrt(v / (1 - beta_2 ** t)) + epsilon);  m and v as in Adam
    w = w - learning_rate * norm(w) / norm(u) * u;  where a norm is 0 the ratio is 1

    Source: You et al., Large Batch Optimization for Deep Learning, 2020.
    """

    elementwise = False

    learning_rate: float | Schedule = arg(default=0.001, doc="The size of a step, or a schedule.")
    beta_1: float = arg(default=0.9, doc="How much of the old first moment stays.")
    beta_2: float = arg(default=0.999, doc="How much of the old second moment stays.")
    epsilon: float = arg(default=1e-7, doc="Added to the root.")

    def check_rule(self) -> str | None:
        """Averages keep less than everything."""
        return share(beta_1=self.beta_1, beta_2=self.beta_2)

    def copies(self) -> int:
        """Its two moments."""
        return 2

    def rule(self, emit: Emit) -> list[str]:
        """Optax has all parts; the decay is no part of the step that is measured."""
        adam = f"b1={self.beta_1!r}, b2={self.beta_2!r}, eps={self.epsilon!r}"
        return self.decayed_first(
            emit,
            f"optax.scale_by_adam({adam})",
            "optax.scale_by_trust_ratio()",
            f"optax.scale_by_learning_rate({emit_rate(self.learning_rate, emit)})",
        )


@final
@optimizer("schedule_free_adamw")
class ScheduleFreeAdamW(Optimizer):
    """Adam on weights z, while the gradient is taken between z and the mean of all z.

    z = z - learning_rate * g / (sqrt(v / (1 - beta_2 ** t)) + epsilon);  v as in Adam
    x = (1 - 1 / t) * x + z / t;  w = beta_1 * x + (1 - beta_1) * z

    Evaluation and prediction see w, not x, as in Keras 3.15.1. Source: Defazio et al., The Road
    Less Scheduled, 2024.
    """

    learning_rate: float | Schedule = arg(default=0.0025, doc="The size of a step, or a schedule.")
    beta_1: float = arg(default=0.9, doc="How near the weights are to the mean, in (0, 1].")
    beta_2: float = arg(default=0.999, doc="How much of the old second moment stays.")
    epsilon: float = arg(default=1e-8, doc="Added to the root.")
    warmup_steps: Steps = arg(default=0, doc="Over how many updates the rate rises to its size.")

    def check_rule(self) -> str | None:
        """The mean is found again by a division by beta_1."""
        if not 0 < self.beta_1 <= 1:
            return f"beta_1 must be in (0, 1], not {self.beta_1}"
        if self.warmup_steps < 0:
            return f"warmup_steps must be at least 0, not {self.warmup_steps}"
        return share(beta_2=self.beta_2)

    def copies(self) -> int:
        """The point that moves, and the second moment."""
        return 2

    def rule(self, emit: Emit) -> list[str]:
        """Optax has the step; its way to the mean is another one."""
        scale = "eps_in_sqrt=False, bias_correction=True"
        links = [f"optax.scale_by_rms({self.beta_2!r}, {self.epsilon!r}, {scale})"]
        if self.warmup_steps > 1:
            rise = f"{1 / self.warmup_steps!r}, 1.0, {self.warmup_steps - 1}"
            links.append(f"optax.scale_by_schedule(optax.linear_schedule({rise}))")
        links.append(f"optax.scale_by_learning_rate({emit_rate(self.learning_rate, emit)})")
        decay = self.by_rate(emit)
        last = f", decay={chain(decay)}" if len(decay) > 1 else ""
        return [f"{emit.helper('schedule_free')}({chain(links)}, {self.beta_1!r}{last})"]
