"""What an optimizer is: Keras' arguments, written as an Optax transformation.

An optimizer writes its rule; what Keras gives to every optimizer is here: gradients are
unscaled and clipped, weights decay, the rule moves them, and averages of them are kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, Final, Protocol, TypeVar, final

from kspec.ir import Call, TensorType, matches
from kspec.registry import Arg, Definition, Selector, Steps, arg, register
from kspec.schedules import base as schedules
from kspec.schedules.base import Schedule, emit_rate, positive

__all__ = [
    "Emit",
    "Optimizer",
    "Schedule",
    "Selector",
    "Steps",
    "arg",
    "chain",
    "emit_rate",
    "is_selected",
    "optimizer",
    "positive",
    "share",
]

O = TypeVar("O", bound="type[Optimizer]")  # noqa: E741


def optimizer(name: str) -> Callable[[O], O]:
    """Register an optimizer under the name that specs use."""
    return register("optimizer", name)


class Emit(schedules.Emit, Protocol):
    """What an optimizer may ask of the file that it is written into."""

    @property
    def weights(self) -> Mapping[str, TensorType]:
        """The types of the weights that learn, by path."""
        ...

    def tree(self, leaves: Mapping[str, str]) -> str:
        """The nested dicts of some text for each weight."""
        ...


class Optimizer(Definition):
    """A rule that turns gradients into updates.

    The common options stand behind a class' own arguments; those that it declares itself
    stand where it does so. `options_before` names an argument that they stand before.
    """

    kind: ClassVar[str] = "optimizer"
    options_before: ClassVar[str | None] = None
    options: ClassVar[tuple[str, ...]] = ()  # the common options that a class takes as they are
    elementwise: ClassVar[bool] = True  # whether a number of a weight moves without the others

    learning_rate: float | Schedule
    weight_decay: float | None = arg(
        default=None, doc="How much of a weight goes with each update, times the learning rate."
    )
    clipnorm: float | None = arg(
        default=None, doc="The largest norm of the gradient of a weight; longer ones are scaled."
    )
    clipvalue: float | None = arg(
        default=None, doc="The largest number in a gradient, either way; what is beyond is cut."
    )
    global_clipnorm: float | None = arg(
        default=None, doc="The largest norm of the gradients of all weights together."
    )
    use_ema: bool = arg(
        default=False,
        doc="Whether to average the weights over the updates. The averages take the weights' "
        "places when training or a phase ends; validation before that sees the weights.",
    )
    ema_momentum: float = arg(default=0.99, doc="How much of the old average stays.")
    ema_overwrite_frequency: Steps | None = arg(
        default=None, doc="After how many updates each the averages take the weights' places, too."
    )
    loss_scale_factor: float | None = arg(
        default=None,
        doc="What the loss is multiplied with, and its gradients divided by, "
        "so that small ones are not lost.",
    )
    exclude_from_weight_decay: tuple[Selector, ...] | None = arg(
        default=None, doc="The paths of weights that do not decay: `**.bias`."
    )

    def __init_subclass__(cls) -> None:
        own = [name for name, value in vars(cls).items() if isinstance(value, Arg)]
        super().__init_subclass__()
        by_name = {each.name: each for each in cls.args}
        cls.options = tuple(name for name in by_name if name not in own)
        at = own.index(cls.options_before) if cls.options_before else len(own)
        cls.args = tuple(by_name[name] for name in (*own[:at], *cls.options, *own[at:]))

    @final
    def check(self) -> str | None:
        """What is wrong with the rule's arguments, or with the common options."""
        return self.check_rule() or self._check_clipping() or self._check_options()

    def check_rule(self) -> str | None:
        """What is wrong with the rule's own arguments together, or None."""
        return None

    def _check_clipping(self) -> str | None:
        clips = {
            "clipnorm": self.clipnorm,
            "clipvalue": self.clipvalue,
            "global_clipnorm": self.global_clipnorm,
        }
        given = {name: value for name, value in clips.items() if value is not None}
        if len(given) > 1:
            return f"only one of {', '.join(clips)} can be given, not {' and '.join(given)}"
        return positive(**given)

    def _check_options(self) -> str | None:
        decays = {name: getattr(self, name) for name in self.decays()}
        decays = {name: value for name, value in decays.items() if value is not None}
        every = self.ema_overwrite_frequency
        for name, value in decays.items():
            if value < 0:
                return f"{name} must be at least 0, not {value}"
        if self.exclude_from_weight_decay and not decays:
            return "exclude_from_weight_decay needs weight_decay"
        if not 0 <= self.ema_momentum <= 1:
            return f"ema_momentum must be in [0, 1], not {self.ema_momentum}"
        if not self.use_ema and (every is not None or self.ema_momentum != _EMA_MOMENTUM):
            return "ema_momentum and ema_overwrite_frequency need use_ema=true"
        if every is not None and every < 1:
            return f"ema_overwrite_frequency must be at least 1, not {every}"
        factor = self.loss_scale_factor
        return None if factor is None else positive(loss_scale_factor=factor)

    def decays(self) -> tuple[str, ...]:
        """The arguments that say how fast weights decay."""
        return ("weight_decay",)

    @final
    def call(self) -> Call:
        """As it stands in the IR: with every argument, but the common options that are off."""
        call = super().call()
        off = {a.name for a in self.args if a.name in self.options and self._is_default(a)}
        return Call(call.name, {k: v for k, v in call.args.items() if k not in off})

    def _is_default(self, spec: Arg) -> bool:
        return getattr(self, spec.name) == spec.default

    # --- the size of its state

    def copies(self) -> int:
        """How many arrays of a weight's shape its state has for each, beside averages."""
        raise NotImplementedError

    def moments(self, path: str, shape: tuple[int, ...]) -> int:
        """How many numbers its state has for a weight, beside the average of it."""
        return self.copies() * math.prod(shape)

    @final
    def state_size(self, path: str, shape: tuple[int, ...]) -> int:
        """How many numbers its state has for a weight that learns."""
        return self.moments(path, shape) + self.use_ema * math.prod(shape)

    # --- weights as parts of one array

    @final
    def why_apart(self, paths: Iterable[str]) -> str | None:
        """Why weights cannot be parts of one array for it, or None."""
        if not self.elementwise:
            return f"`{self.name}` sees each weight as a whole"
        if self.clipnorm is not None:
            return "`clipnorm` is the norm of each weight"
        if len({is_selected(path, self.exclude_from_weight_decay) for path in paths}) > 1:
            return "weight decay leaves out some of them"
        return None

    # --- the expression

    def rule(self, emit: Emit) -> list[str]:
        """The links of an `optax.chain` from clipped gradients to updates, with decay."""
        raise NotImplementedError

    @final
    def emit(self, emit: Emit) -> str:
        """The Python expression of an `optax.GradientTransformation`."""
        links = [*self._gradients(emit), *self.rule(emit)]
        if self.use_ema:
            every = self.ema_overwrite_frequency
            more = "" if every is None else f", every={every!r}"
            links.append(f"{emit.helper('average_weights')}({self.ema_momentum!r}{more})")
        return chain(links)

    def _gradients(self, emit: Emit) -> list[str]:
        """What happens to the gradients before the rule sees them."""
        links: list[str] = []
        if self.loss_scale_factor is not None:
            links.append(f"optax.scale(1 / {self.loss_scale_factor!r})")
        if self.clipnorm is not None:
            links.append(f"{emit.helper('clip_by_norm')}({self.clipnorm!r})")
        if self.clipvalue is not None:
            links.append(f"optax.clip({self.clipvalue!r})")
        if self.global_clipnorm is not None:
            links.append(f"optax.clip_by_global_norm({self.global_clipnorm!r})")
        return links

    def by_rate(self, emit: Emit, *directions: str) -> list[str]:
        """The links of a rule whose last step is the learning rate, and decay before it."""
        return self.decaying(emit, self.weight_decay, *directions)

    def decaying(self, emit: Emit, weight_decay: float | None, *directions: str) -> list[str]:
        """The same with a decay of its own."""
        rate = f"optax.scale_by_learning_rate({emit_rate(self.learning_rate, emit)})"
        decay = self._decay(emit, weight_decay)
        return [*directions, *([f"optax.add_decayed_weights({decay})"] if decay else []), rate]

    def decayed_first(self, emit: Emit, *links: str) -> list[str]:
        """The links of any other rule, which sees the weights after they decayed."""
        decay = self._decay(emit, self.weight_decay)
        if not decay:
            return list(links)
        rate = emit_rate(self.learning_rate, emit)
        return [f"{emit.helper('decay_weights_first')}({chain(links)}, {rate}, {decay})"]

    def _decay(self, emit: Emit, rate: float | None) -> str:
        """The arguments of `optax.add_decayed_weights`; empty where nothing decays."""
        if not rate:
            return ""
        excluded = self.selected(emit, self.exclude_from_weight_decay)
        if not excluded:
            return repr(rate)
        mask = emit.tree({path: repr(path not in excluded) for path in emit.weights})
        return f"{rate!r}, mask={mask}"

    def selected(self, emit: Emit, selectors: Iterable[str] | None) -> set[str]:
        """The weights that selectors mean."""
        return {path for path in emit.weights if is_selected(path, selectors)}


_EMA_MOMENTUM: Final = next(a.default for a in Optimizer.args if a.name == "ema_momentum")


def is_selected(path: str, selectors: Iterable[str] | None) -> bool:
    """Whether one of the selectors means a weight."""
    words = tuple(path.split("."))
    return any(matches(tuple(each.split(".")), words) for each in selectors or ())


def chain(links: Iterable[str]) -> str:
    """One transformation out of links."""
    links = list(links)
    return links[0] if len(links) == 1 else f"optax.chain({', '.join(links)})"


def share(**values: float) -> str | None:
    """What is wrong with numbers that must be in [0, 1), or None."""
    for name, value in values.items():
        if not 0 <= value < 1:
            return f"{name} must be in [0, 1), not {value}"
    return None
