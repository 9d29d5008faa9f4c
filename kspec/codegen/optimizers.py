"""The optimizer of a phase as an expression, and where things are in its state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, cast

from kspec.callbacks.reduce_lr import ReduceLR
from kspec.codegen import layout
from kspec.codegen.file import File
from kspec.ir import Call, Phase, TensorType
from kspec.optimizers.base import Optimizer
from kspec.registry import make
from kspec.schedules.base import Schedule

ALL: Final = "all"  # the label of an optimizer that all weights have


@dataclass(frozen=True, slots=True)
class _Site:
    """`Emit` of the optimizers of a phase."""

    file: File
    weights: Mapping[str, TensorType]
    rate: str | None = None

    def helper(self, name: str) -> str:
        return self.file.helper(name)

    def tree(self, leaves: Mapping[str, str]) -> str:
        return layout.inline(layout.nest(layout.collapse(self.file.stacks.homes(leaves))))


def optimizer(file: File, phase: Phase) -> str:
    """The expression of the optimizer; one of several where parts have their own."""
    site = _Site(file, _learned(file, phase))
    held = held_rates(file, phase)
    sites = {label: replace(site, rate=f'rates["{label}"]') for label in held}
    if not phase.groups:
        return _made(phase.optimizer).emit(sites.get(ALL, site))
    parts = _parts(file, phase)
    texts = {label: _made(call).emit(sites.get(label, site)) for label, (call, _) in parts.items()}
    rules = ", ".join(f'"{label}": {text}' for label, text in texts.items())
    labels = {path: f'"{label}"' for label, (_, paths) in parts.items() for path in paths}
    tree = site.tree({path: labels[path] for path in site.weights})
    return f"optax.partition({{{rules}}}, {tree})"


def holds_rates(file: File) -> bool:
    """Whether the state of training has learning rates, which the run may lower."""
    return any(call.name == ReduceLR.name for phase in file.phases for call in phase.callbacks)


def held_rates(file: File, phase: Phase) -> dict[str, str]:
    """The learning rates that a phase starts with, by label; empty where none is in the state.

    A schedule is not among them: it is a function of the update's number, and stays so.
    """
    if not holds_rates(file):
        return {}
    parts = {ALL: phase.optimizer}
    if phase.groups:
        parts = {label: call for label, (call, _) in _parts(file, phase).items()}
    rates = {label: _made(call).learning_rate for label, call in parts.items()}
    return {
        label: f"jnp.float32({rate!r})"
        for label, rate in rates.items()
        if not isinstance(rate, Schedule)
    }


def loss_scale(phase: Phase) -> float | None:
    """What the loss of a phase is multiplied with; the same for all parts."""
    return _made(phase.optimizer).loss_scale_factor


def averages(file: File, phase: Phase) -> list[str]:
    """Where in the optimizer's state the averages of weights are: `[-1].average`."""
    if not phase.groups:
        return ["[-1].average"] if _made(phase.optimizer).use_ema else []
    return [
        f'.inner_states["{label}"].inner_state[-1].average'
        for label, (call, paths) in _parts(file, phase).items()
        if paths and _made(call).use_ema
    ]


def _parts(file: File, phase: Phase) -> dict[str, tuple[Call, list[str]]]:
    """The optimizers of a phase with their weights, by label: `others`, `group_1`.

    A part whose weights are all frozen stays: the others keep their places in the state, so
    that the next phase may go on with it.
    """
    of_weight = dict.fromkeys(_learned(file, phase), "others")
    calls = {"others": phase.optimizer}
    for number, (call, paths) in enumerate(phase.groups, 1):
        calls[f"group_{number}"] = call
        of_weight |= dict.fromkeys(paths, f"group_{number}")
    if not phase.frozen and "others" not in of_weight.values():
        del calls["others"]
    return {
        label: (call, [path for path, own in of_weight.items() if own == label])
        for label, call in calls.items()
    }


def _learned(file: File, phase: Phase) -> dict[str, TensorType]:
    """The types of the weights that a phase learns, by path."""
    return {w.path: w.value.type for w in file.learned if w.path not in phase.frozen}


def _made(call: Call) -> Optimizer:
    return cast("Optimizer", make("optimizer", call))
