"""Steps that keep the direction of the gradient and not its size."""

from __future__ import annotations

import math
from typing import final

from kspec.optimizers.adam import moments
from kspec.optimizers.base import (
    Emit,
    Optimizer,
    Schedule,
    Selector,
    arg,
    chain,
    is_selected,
    optimizer,
    share,
)


@final
@optimizer("lion")
class Lion(Optimizer):
    """Take the sign of a mean of the gradient: each number moves by the learning rate.

    w = w - learning_rate * sign(beta_1 * m + (1 - beta_1) * g)
    m = beta_2 * m + (1 - beta_2) * g

    Source: Chen et al., Symbolic Discovery of Optimization Algorithms, 2023.
    """

    learning_rate: float | Schedule = arg(default=0.001, doc="The size of a step, or a schedule.")
    beta_1: float = arg(default=0.9, doc="How much of the mean is in the step, in (0, 1].")
    beta_2: float = arg(default=0.99, doc="How much of the old mean stays.")

    def check_rule(self) -> str | None:
        """Without the mean it would be another rule."""
        if not 0 < self.beta_1 <= 1:
            return f"beta_1 must be in (0, 1], not {self.beta_1}"
        return share(beta_2=self.beta_2)

    def copies(self) -> int:
        """The mean of the gradients."""
        return 1

    def rule(self, emit: Emit) -> list[str]:
        """Optax has the same rule."""
        return self.by_rate(emit, f"optax.scale_by_lion({self.beta_1!r}, {self.beta_2!r})")


@final
@optimizer("muon")
class Muon(Optimizer):
    """Make the step of a matrix orthogonal; all other weights go by Adam.

    m = momentum * m + g;  u = g + momentum * m if nesterov, else m;  u = u / norm(u)
    ns_steps times:  a = u @ u.T;  u = muon_a * u + (muon_b * a + muon_c * a @ a) @ u
    w = w - learning_rate * rms_rate * sqrt(max(rows, columns)) * u

    Weights of any other rank than 2, those with `embedding` in their paths and those of
    `exclude_layers` go by Adam. Source: Jordan et al., Muon, 2024; the last factor is that of
    Liu et al., Muon is Scalable for LLM Training, 2025.
    """

    options_before = "exclude_layers"

    elementwise = False

    learning_rate: float | Schedule = arg(default=0.001, doc="The size of a step, or a schedule.")
    adam_beta_1: float = arg(default=0.9, doc="How much of Adam's old first moment stays.")
    adam_beta_2: float = arg(default=0.999, doc="How much of Adam's old second moment stays.")
    adam_weight_decay: float | None = arg(
        default=0.004, doc="The decay of weights that go by Adam."
    )
    epsilon: float = arg(default=1e-7, doc="Added to the root of Adam.")
    weight_decay: float | None = arg(default=0.004, doc="The decay of the other weights.")
    exclude_layers: tuple[Selector, ...] | None = arg(
        default=None, doc="The paths of further weights that go by Adam: `head`."
    )
    exclude_embeddings: bool = arg(default=True, doc="Whether embeddings go by Adam.")
    muon_a: float = arg(default=3.4445, doc="The factor of u in a round.")
    muon_b: float = arg(default=-4.7750, doc="The factor of its third power.")
    muon_c: float = arg(default=2.0315, doc="The factor of its fifth power.")
    adam_lr_ratio: float = arg(default=1.0, doc="The learning rate of Adam over that of the rest.")
    momentum: float = arg(default=0.95, doc="How much of the last step is added to the next.")
    ns_steps: int = arg(default=5, doc="How many rounds make a step orthogonal.")
    nesterov: bool = arg(default=True, doc="Whether to look one step of momentum ahead.")
    rms_rate: float | None = arg(
        default=0.2, doc="The root mean square of a step before the learning rate, or none."
    )

    def check_rule(self) -> str | None:
        """Averages keep less than everything."""
        if self.ns_steps < 1:
            return f"ns_steps must be at least 1, not {self.ns_steps}"
        return share(
            adam_beta_1=self.adam_beta_1, adam_beta_2=self.adam_beta_2, momentum=self.momentum
        )

    def decays(self) -> tuple[str, ...]:
        """Adam has its own."""
        return ("weight_decay", "adam_weight_decay")

    def moments(self, path: str, shape: tuple[int, ...]) -> int:
        """The velocity, or the two moments of Adam."""
        return (2 if self._by_adam(path, len(shape)) else 1) * math.prod(shape)

    def _by_adam(self, path: str, rank: int) -> bool:
        embedding = self.exclude_embeddings and "embedding" in path.lower()
        return rank != 2 or embedding or is_selected(path, self.exclude_layers)

    def rule(self, emit: Emit) -> list[str]:
        """Each weight goes by one rule, which its path and rank say.

        Both rules are there also where a phase learns no weight that goes by one of them, so
        that the next phase may go on with their state.
        """
        labels = {
            path: '"adam"' if self._by_adam(path, len(type.shape)) else '"muon"'
            for path, type in emit.weights.items()
        }
        rules = f'{{"muon": {chain(self._muon(emit))}, "adam": {chain(self._adam(emit))}}}'
        return [f"optax.partition({rules}, {emit.tree(labels)})"]

    def _muon(self, emit: Emit) -> list[str]:
        nesterov = ", nesterov=True" if self.nesterov else ""
        factors = ", ".join(map(repr, (self.muon_a, self.muon_b, self.muon_c)))
        scale = "" if self.rms_rate is None else f", rms={self.rms_rate!r}"
        return self.decaying(
            emit,
            self.weight_decay,
            f"optax.trace(decay={self.momentum!r}{nesterov})",
            f"{emit.helper('orthogonalize_updates')}({self.ns_steps}, {factors}{scale})",
        )

    def _adam(self, emit: Emit) -> list[str]:
        links = [moments(emit, self.adam_beta_1, self.adam_beta_2, self.epsilon)]
        if self.adam_lr_ratio != 1:
            links.append(f"optax.scale({self.adam_lr_ratio!r})")
        return self.decaying(emit, self.adam_weight_decay, *links)
