"""How many cases were compared with Keras, and how far apart the results are.

`python -m tests.parity.figures` runs the case tables and writes `figures.json`, from which
docs/parity.md takes its tables; with kinds, `python -m tests.parity.figures layer op`, it
measures those anew. `layer/recurrent` is one module of a kind, whose families it measures anew.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

from tests.conftest import TESTS

FIGURES = TESTS / "parity" / "figures.json"
PACKAGES = ("keras", "jax", "jaxlib", "optax", "numpy")
RECORD = "KSPEC_PARITY_FIGURES"  # names the file that takes the errors; unset, none does
# Kind -> the modules whose case tables are compared.
MODULES = {
    "activation": ("activations",),
    "layer": ("layers", "attention", "recurrent", "conv_lstm"),
    "loss": ("losses",),
    "metric": ("metrics",),
    "optimizer": ("optimizers",),
    "schedule": ("schedules",),
    "initializer": ("initializers",),
    "regularizer": ("regularizers",),
    "constraint": ("regularizers",),
    "op": ("ops_of_keras",),
}
Families: TypeAlias = dict[str, dict[str, Any]]


@cache
def counts() -> dict[str, dict[str, int]]:
    """How many comparisons the case tables ask for, by kind and family."""
    from tests.parity import (
        test_activations,
        test_attention,
        test_conv_lstm,
        test_initializers,
        test_layers,
        test_losses,
        test_metrics,
        test_ops_of_keras,
        test_optimizers,
        test_recurrent,
        test_regularizers,
        test_schedules,
    )

    losses = [*test_losses.ALL, *test_losses.FUSED, *test_losses.ONCE, *test_losses.CLIPPED]
    penalties = len(test_regularizers.REGULARIZERS)
    penalties += len(test_regularizers.OF_RESULTS) * len(test_regularizers.MASKS)
    fixed = [row for row in test_initializers.ROWS if row[0] in test_initializers.FIXED]
    layers = _tally(family for family, _ in test_layers.ALL)
    layers["attention"] = len(test_attention.CASES)
    layers["recurrent"] = len(test_recurrent.BOTH)
    layers["conv_lstm"] = len(test_conv_lstm.BOTH)
    return {
        "activation": {"": len(test_activations.CASES)},
        "layer": dict(sorted(layers.items())),
        "loss": _tally(test_losses.FAMILY[name] for name, _ in losses),
        "metric": _tally(test_metrics.FAMILY[row[0]] for row in test_metrics.WEIGHTED),
        "optimizer": _tally(test_optimizers.FAMILY[name] for name, _ in test_optimizers.CASES),
        "schedule": {"": len(test_schedules.CASES)},
        "initializer": {"": len(fixed)},
        "regularizer": {"": penalties},
        "constraint": {"": len(test_regularizers.CONSTRAINTS)},
        "op": {family: len(cases) for family, cases in test_ops_of_keras.FAMILIES.items()},
    }


def _tally(families: Iterable[str]) -> dict[str, int]:
    """How often each comes, in the order of names."""
    found: dict[str, int] = {}
    for family in families:
        found[family] = found.get(family, 0) + 1
    return dict(sorted(found.items()))


def stored() -> dict[str, Any]:
    """What was measured last, by kind."""
    return json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.is_file() else {}


def gather(lines: Iterable[str]) -> dict[str, Families]:
    """Figures of recorded comparisons: `["layer", "core", "values", case, error]` each.

    Returns:
        By kind and family, the number of cases and the largest errors, of two digits.
    """
    cases: dict[tuple[str, str], set[str]] = {}
    errors: dict[tuple[str, str, str], float] = {}
    for line in lines:
        kind, family, part, case, error = json.loads(line)
        cases.setdefault((kind, family), set()).add(case)
        errors[kind, family, part] = max(error, errors.get((kind, family, part), 0.0))
    found: dict[str, Families] = {}
    for (kind, family), seen in sorted(cases.items()):
        figures: dict[str, Any] = {"cases": len(seen)}
        for part in ("values", "gradients"):
            if (kind, family, part) in errors:
                figures[part] = float(f"{errors[kind, family, part]:.1e}")
        found.setdefault(kind, {})[family] = figures
    return found


def measure(parts: Iterable[str]) -> dict[str, Any]:
    """Run the case tables of some kinds, or of some of their modules: `layer/recurrent`.

    Raises:
        CalledProcessError: A comparison failed.
    """
    modules: dict[str, str] = {}
    for part in parts:
        kind, _, only = part.partition("/")
        modules |= {module: kind for module in ((only,) if only else MODULES[kind])}
    tests = [str(TESTS / "parity" / f"test_{module}.py") for module in modules]
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "errors.jsonl"
        command = [sys.executable, "-m", "pytest", "-q", "-m", "", *tests]
        subprocess.run(
            command, cwd=TESTS.parent, env={**os.environ, RECORD: str(record)}, check=True
        )
        found = gather(record.read_text(encoding="utf-8").splitlines())
    versions = {package: version(package) for package in PACKAGES}
    date = datetime.now(UTC).date().isoformat()
    return {
        kind: {"date": date, "versions": versions, "families": found[kind]}
        for kind in dict.fromkeys(part.partition("/")[0] for part in parts)
    }


def merged(old: dict[str, Any], new: dict[str, Any], parts: Iterable[str]) -> dict[str, Any]:
    """Figures of kinds with those of some of their modules in the place of older ones.

    Raises:
        SystemExit: The others of a kind were measured with other packages, or on another day.
    """
    found = old | new
    for kind in {part.partition("/")[0] for part in parts if "/" in part} - set(parts):
        about = [{key: each[kind][key] for key in ("date", "versions")} for each in (old, new)]
        if about[0] != about[1]:
            raise SystemExit(f"{kind}: the others were measured with {about[0]}; measure all")
        families = old[kind]["families"] | new[kind]["families"]
        found[kind] = new[kind] | {"families": dict(sorted(families.items()))}
    return found


def main(parts: list[str]) -> None:
    """Measure some kinds, parts of them, or all, and write the file."""
    known = [*MODULES, *(f"{kind}/{m}" for kind, modules in MODULES.items() for m in modules)]
    unknown = sorted(set(parts) - set(known))
    if unknown:
        raise SystemExit(f"{', '.join(unknown)}: there are {', '.join(known)}")
    parts = parts or list(MODULES)
    figures = merged(stored(), measure(parts), parts)
    ordered = {kind: figures[kind] for kind in MODULES if kind in figures}
    FIGURES.write_text(json.dumps(ordered, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
