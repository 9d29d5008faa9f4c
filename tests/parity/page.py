"""docs/parity.md: every name of Keras, and whether a spec can use it."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from kspec.registry import names
from tests.conftest import TESTS
from tests.parity.figures import stored
from tests.parity.harness import keras

PAGE: Path = TESTS.parent / "docs" / "parity.md"
HOMES: dict[str, Any] = {
    "layer": keras.layers,
    "loss": keras.losses,
    "metric": keras.metrics,
    "optimizer": keras.optimizers,
    "schedule": keras.optimizers.schedules,
    "initializer": keras.initializers,
    "regularizer": keras.regularizers,
    "constraint": keras.constraints,
    "callback": keras.callbacks,
}
# Names of Keras that mean what another of its names means, and base classes.
OTHER_NAMES = {
    *(f"Convolution{rank}D{end}" for rank in (1, 2, 3) for end in ("", "Transpose")),
    *(f"SeparableConvolution{rank}D" for rank in (1, 2)),
    *(
        f"{g}{rule}Pool{rank}D"
        for g in ("", "Global")
        for rule in ("Avg", "Max")
        for rank in (1, 2, 3)
    ),
    *("IdentityInitializer", "OrthogonalInitializer", "STFTInitializer", "ELU"),
    *("Layer", "Loss", "Metric", "Optimizer", "Initializer", "Regularizer", "Constraint"),
    *("Wrapper", "InputSpec", "LearningRateSchedule", "Callback", "CallbackList"),
}
PYTHON = "it holds Python code, and a spec runs none"
INTEROP = "it holds a model of another library"
LEFT_OUT = {
    "InputLayer": "the language has `input`",
    "Lambda": PYTHON,
    "LambdaCallback": PYTHON,
    "MeanMetricWrapper": PYTHON,
    "TFSMLayer": INTEROP,
    "JaxLayer": INTEROP,
    "FlaxLayer": INTEROP,
    "TorchModuleWrapper": INTEROP,
    "Pipeline": "the language has `->`",
    "MaxNumBoundingBoxes": "kspec has no bounding boxes",
    "RemoteMonitor": "a run makes no network connections",
    "MultiOptimizer": "the language has `optimizer PATH = ...`",
    "OptimizerMap": "the language has `optimizer PATH = ...`",
    "LossScaleOptimizer": "every optimizer has `loss_scale_factor`",
    "EarlyStopping": "`stop { ... }` does what it does",
    "ModelCheckpoint": "`checkpoint { ... }` does what it does",
    "BackupAndRestore": "every run can be resumed",
    "History": "every run keeps `metrics.jsonl`",
    "ProgbarLogger": "every run shows its progress",
    "LearningRateScheduler": "optimizers take schedules as values",
}
HEAD = """# Parity with Keras 3.15.1

Which of Keras' names a spec can use. A name that works has Keras' arguments, defaults and
numbers; the tests in `tests/parity` compare outputs, gradients, weights after some steps, and
signatures with Keras itself. `kspec layers NAME` describes each. This page is generated.

The tables say how many cases were compared on the CPU, and the largest error of a family: the
largest difference of two arrays by the largest number of Keras', or as it is where that is 0 but
for rounding. Optimizers, regularizers and
constraints are compared by the weights and losses after some steps; of initializers, those that
draw nothing, as the others have their moments compared. Layers that draw or that learn from data
are compared in tests of their own, beside the tables.
"""


def page() -> str:
    """The text of the page."""
    return "\n".join([HEAD, *map(_kind, ("activation", *HOMES)), _ops(), ""])


def figures(measured: dict[str, Any]) -> list[str]:
    """The table of a kind's figures, as `figures.json` has them."""
    versions = ", ".join(f"{name} {number}" for name, number in measured["versions"].items())
    lines = [f"Measured on {measured['date']} with {versions}:", ""]
    lines += ["| family | cases | values | gradients |", "|---|--:|--:|--:|"]
    for family, row in measured["families"].items():
        errors = (f"{row[part]:.1e}" if part in row else "" for part in ("values", "gradients"))
        lines.append(f"| {family or 'all'} | {row['cases']} | {' | '.join(errors)} |")
    return lines


def _ops() -> str:
    """Ops have no list of names here: each of `keras.ops` is in the tests, or has its reason."""
    lines = ["## Ops", "", f"{len(names('op'))} ops, which docs/language.md lists."]
    return "\n".join([*lines, "", *figures(stored()["op"]), ""])


def _kind(kind: str) -> str:
    theirs = _theirs(kind)
    ours = {name.replace("_", ""): name for name in names(kind)}
    works = sorted(ours[low] for low in theirs if low in ours)
    plural = {"loss": "losses"}.get(kind, f"{kind}s")
    lines = [f"## {plural.capitalize()}", "", f"{len(works)} of {len(theirs)} work."]
    if works:
        lines += ["", ", ".join(f"`{name}`" for name in works)]
    if kind in stored():
        lines += ["", *figures(stored()[kind])]
    rest = sorted(name for low, name in theirs.items() if low not in ours)
    if rest:
        lines += ["", f"| of Keras' {plural} | instead, or why not |", "|---|---|"]
        lines += [f"| {name} | {LEFT_OUT.get(name, 'not yet')} |" for name in rest]
    own = sorted(name for low, name in ours.items() if low not in theirs)
    if own:
        lines += ["", "Of kspec alone: " + ", ".join(f"`{name}`" for name in own) + "."]
    return "\n".join([*lines, ""])


def _theirs(kind: str) -> dict[str, str]:
    """Keras' names by their letters without capitals."""
    if kind == "activation":
        found = [n for n, f in vars(keras.activations).items() if inspect.isfunction(f)]
        skipped = {"get", "serialize", "deserialize", "swish", "hard_swish"}
        return {n.replace("_", ""): n for n in found if n not in skipped}
    classes = vars(HOMES[kind]).items()
    return {
        name.lower(): name
        for name, thing in classes
        if inspect.isclass(thing) and name not in OTHER_NAMES and not name.islower()
    }
