"""The optimizer of a phase as an expression, and where things are in its state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from kspec.codegen import layout
from kspec.codegen.file import File
from kspec.ir import Call, Phase, TensorType
from kspec.optimizers.base import Optimizer
from kspec.registry import make


@dataclass(frozen=True, slots=True)
class _Site:
    """`Emit` of the optimizers of a phase."""

    file: File
    weights: Mapping[str, TensorType]

    def helper(self, name: str) -> str:
        return self.file.helper(name)

    def tree(self, leaves: Mapping[str, str]) -> str:
        return layout.inline(layout.nest(layout.collapse(leaves)))


def optimizer(file: File, phase: Phase) -> str:
    """The expression of the optimizer; one of several where parts have their own."""
    site = _Site(file, _learned(file, phase))
    if not phase.groups:
        return _made(phase.optimizer).emit(site)
    parts = _parts(file, phase)
    rules = ", ".join(f'"{label}": {_made(call).emit(site)}' for label, (call, _) in parts.items())
    labels = {path: f'"{label}"' for label, (_, paths) in parts.items() for path in paths}
    tree = site.tree({path: labels[path] for path in site.weights})
    return f"optax.partition({{{rules}}}, {tree})"


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
