"""Updates of weights, with the rules of optimizers as Keras has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import numpy as np

from kspec.ir import Call, Module, Phase
from tests.oracle.interpreter.core import UNIT, Array, Aside, Draws, UnknownOp
from tests.oracle.interpreter.modes import Trained, Weights, constrained, train

Moments = dict[str, Array]
# What is left to 1 of a number to the power of updates so far: 32 bits round it beside 1.
Left = Callable[[float], float]
# From the arguments, a gradient and its moments to what is added to the weight.
Update = Callable[[Mapping[str, Any], Array, Moments, Left], Array]


def _sgd(args: Mapping[str, Any], g: Array, moments: Moments, left: Left) -> Array:
    step = -args["learning_rate"] * g
    if not args["momentum"]:
        return step
    moments["velocity"] = args["momentum"] * moments.get("velocity", 0) + step
    return (
        args["momentum"] * moments["velocity"] + step if args["nesterov"] else (moments["velocity"])
    )


def _adam(args: Mapping[str, Any], g: Array, moments: Moments, left: Left) -> Array:
    beta_1, beta_2 = args["beta_1"], args["beta_2"]
    moments["m"] = beta_1 * moments.get("m", 0) + (1 - beta_1) * g
    moments["v"] = beta_2 * moments.get("v", 0) + (1 - beta_2) * g * g
    root = moments["v"]
    if args["amsgrad"]:
        root = moments["largest"] = np.maximum(moments.get("largest", 0), root)
    rate = args["learning_rate"] * np.sqrt(left(beta_2)) / left(beta_1)
    return -rate * moments["m"] / (np.sqrt(root) + args["epsilon"])


def _rmsprop(args: Mapping[str, Any], g: Array, moments: Moments, left: Left) -> Array:
    rho = args["rho"]
    moments["v"] = rho * moments.get("v", 0) + (1 - rho) * g * g
    spread = moments["v"] + args["epsilon"]
    if args["centered"]:
        moments["mean"] = rho * moments.get("mean", 0) + (1 - rho) * g
        spread = spread - moments["mean"] ** 2
    step = -args["learning_rate"] * g / np.sqrt(spread)
    if not args["momentum"]:
        return step
    moments["velocity"] = args["momentum"] * moments.get("velocity", 0) + step
    return moments["velocity"]


UPDATES: Final[dict[str, Update]] = {
    "sgd": _sgd,
    "adam": _adam,
    "adamw": _adam,
    "rmsprop": _rmsprop,
}
OWN: Final = {
    "sgd": ("learning_rate", "momentum", "nesterov"),
    "adam": ("learning_rate", "beta_1", "beta_2", "epsilon", "amsgrad"),
    "adamw": ("learning_rate", "beta_1", "beta_2", "epsilon", "amsgrad", "weight_decay"),
    "rmsprop": ("learning_rate", "rho", "momentum", "epsilon", "centered"),
}
COMMON: Final = ("weight_decay", "clipvalue", "clipnorm", "global_clipnorm")


def _betas(call: Call) -> set[float]:
    return {cast("float", call.args[name]) for name in ("beta_1", "beta_2") if name in call.args}


def _checked(call: Call) -> Call:
    if call.name not in UPDATES:
        raise UnknownOp(f"the interpreter has no optimizer {call.name}")
    for name, value in call.args.items():
        if name not in (*OWN[call.name], *COMMON) and value not in (None, False):
            raise UnknownOp(f"the interpreter has no {call.name} with {name}")
        if isinstance(value, Call):
            raise UnknownOp("the interpreter has no schedules")
    return call


def _clipped(args: Mapping[str, Any], grads: Weights) -> Weights:
    if args.get("clipvalue") is not None:
        limit = args["clipvalue"]
        grads = {path: np.clip(g, -limit, limit) for path, g in grads.items()}
    if args.get("clipnorm") is not None:
        limit = args["clipnorm"]
        grads = {p: g * min(1, limit / max(_norm([g]), 1e-300)) for p, g in grads.items()}
    if args.get("global_clipnorm") is not None:
        factor = min(1, args["global_clipnorm"] / max(_norm(grads.values()), 1e-300))
        grads = {path: g * factor for path, g in grads.items()}
    return grads


def _norm(arrays: Any) -> float:
    return float(np.sqrt(sum((each * each).sum() for each in arrays)))


class Trainer:
    """Weights that are trained.

    Args:
        module: The IR as elaboration gave it.
        weights: The first weights, by path.
        aside: What evaluations are asked for beside their results. With noise, weights are rounded,
            and gradients are off by a unit of the largest one: what adds up to 0 is left of that.
    """

    def __init__(self, module: Module, weights: Weights, aside: Aside) -> None:
        self.module = module
        self.weights = {path: np.asarray(value, np.float64) for path, value in weights.items()}
        self.aside = aside
        self.moments: dict[str, Moments] = {}
        self.count = 0

    def enter(self, phase: Phase, *, first: bool) -> None:
        """Begin a phase: what it does not learn, and what does not go on, starts fresh."""
        if first or not phase.carries:
            self.moments, self.count = {}, 0
        self.moments = {p: m for p, m in self.moments.items() if p not in phase.frozen}

    def step(self, phase: Phase, fields: Mapping[str, Any], mask: Array, draws: Draws) -> Trained:
        """One update."""
        found = train(self.module, phase, fields, mask, self.weights, draws, self.aside)
        grads = self._rounded(found.grads)
        self.count += 1
        grouped = {path: call for call, paths in phase.groups for path in paths}
        calls = {path: grouped.get(path, phase.optimizer) for path in grads}
        new = dict(self.weights)
        for call in {id(each): each for each in calls.values()}.values():
            own = {path: g for path, g in grads.items() if calls[path] is call}
            self._update(_checked(call), own, new)
        new |= found.fixed
        self.weights = {path: self.aside.rounded(each) for path, each in new.items()}
        self.weights.update(constrained(self.module, phase, self.weights))
        return found

    def _update(self, call: Call, grads: Weights, new: Weights) -> None:
        powers = {beta: self.aside.rounded(np.asarray(beta**self.count)) for beta in _betas(call)}
        left: Left = lambda beta: 1 - float(powers[beta])  # noqa: E731
        for path, gradient in _clipped(call.args, grads).items():
            moments = self.moments.setdefault(path, {})
            decay: Any = call.args.get("weight_decay") or 0.0
            rate: Any = call.args["learning_rate"]
            shrunk = self.weights[path] * (1 - rate * decay)
            new[path] = shrunk + UPDATES[call.name](call.args, gradient, moments, left)

    def _rounded(self, grads: Weights) -> Weights:
        noise = self.aside.noise
        if noise is None:
            return grads
        largest = max((np.abs(g).max(initial=0) for g in grads.values()), default=0.0)
        return {
            path: g + UNIT * largest * (g != 0) * noise.uniform(-1, 1, g.shape)
            for path, g in grads.items()
        }
