"""docs/parity.md: every name of Keras, and whether a spec can use it."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from kspec.elaborate.foreign import OF_ONE, instead
from kspec.registry import names
from tests.conftest import TESTS
from tests.parity.figures import stored
from tests.parity.harness import keras
from tests.parity.left_out import OPS, elsewhere
from tests.parity.test_signatures import ALL, keras_signature

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
PYTHON = "it holds Python code; `extern` takes a function from a Python file"
ACTING = "it holds Python code; from Python, `fit(callbacks=[...])` takes functions"
INTEROP = "it holds a model of another library"
LEFT_OUT = {
    "InputLayer": "the language has `input`",
    "Lambda": PYTHON,
    "LambdaCallback": ACTING,
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
    "CSVLogger": "`csv_log { ... }` does what it does",
    "ReduceLROnPlateau": "`reduce_lr { ... }` does what it does",
    "SwapEMAWeights": "`swap_ema { ... }` does what it does",
    "OrbaxCheckpoint": "every run is saved by Orbax as it goes",
}
KINDS = ("activation", *HOMES)
INSTEAD = {reason for reason in LEFT_OUT.values() if reason != INTEROP} - {
    LEFT_OUT["RemoteMonitor"],
    LEFT_OUT["MaxNumBoundingBoxes"],
}
ON_PURPOSE = {INTEROP, LEFT_OUT["RemoteMonitor"]}
HEAD = """# Parity with Keras 3.15.1

{works} of {rows} names work ({share:.1%}), some of them as what a table below says.

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
    works, rows = count()
    head = HEAD.format(works=works, rows=rows, share=works / rows)
    return "\n".join([head, *map(_kind, KINDS), _arguments(), _ops(), ""])


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
    """All of `keras.ops`: how many are here, and why the others are not."""
    public = {name for name in dir(keras.ops) if not name.startswith("_")}
    lines = [
        "## Ops",
        "",
        f"{len(names('op'))} of {len(public)} work; docs/language.md lists them.",
    ]
    lines += ["", *figures(stored()["op"])]
    reasons: dict[str, list[str]] = {}
    for name in sorted(public - set(names("op"))):
        reasons.setdefault(elsewhere(name) or OPS[name], []).append(name)
    lines += ["", "| of Keras' ops | instead, or why not |", "|---|---|"]
    lines += [f"| {', '.join(each)} | {reason} |" for reason, each in sorted(reasons.items())]
    return "\n".join([*lines, ""])


def arguments_left_out() -> dict[str, tuple[list[str], str]]:
    """Keras' arguments that kspec has not: whose they are, and what stands in their place."""
    found: dict[str, tuple[list[str], str]] = {}
    for kind, name, cls in ALL:
        for argument in set(keras_signature(kind, name)) - {each.name for each in cls.args}:
            if argument in ("name", "dtype", "x"):  # of all layers; of functions
                continue
            reason = instead(kind, name, argument) or "not yet"
            key = f"{argument} of {name}" if (name, argument) in OF_ONE else argument
            found.setdefault(key, ([], reason))[0].append(name)
    return dict(sorted(found.items()))


def _arguments() -> str:
    lines = ["## Arguments", ""]
    lines += ["All arguments of Keras' names work, but these:", ""]
    lines += ["| argument | of how many names | instead, or why not |", "|---|--:|---|"]
    lines += [
        f"| {name} | {len(users)} | {reason} |"
        for name, (users, reason) in arguments_left_out().items()
    ]
    return "\n".join([*lines, ""])


def count() -> tuple[int, int]:
    """How many of Keras' names work, and of how many; ops are counted apart.

    A name works under its own, or as what the language has in its place. Those that hold Python
    or a model of another library, or use a network, are left out on purpose, and no rows.
    """
    rows = [
        (low in _ours(kind) or LEFT_OUT.get(name) in INSTEAD, LEFT_OUT.get(name))
        for kind in KINDS
        for low, name in _theirs(kind).items()
    ]
    counted = [works for works, reason in rows if works or reason not in ON_PURPOSE]
    return sum(counted), len(counted)


def _kind(kind: str) -> str:
    theirs = _theirs(kind)
    ours = _ours(kind)
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


def _ours(kind: str) -> dict[str, str]:
    """The names of the vocabulary by their letters."""
    return {name.replace("_", ""): name for name in names(kind)}


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
