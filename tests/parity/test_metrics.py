"""Metrics: over several batches, the last one short, the result of Keras' metric."""

from __future__ import annotations

import importlib
import pkgutil
import warnings
from functools import cache
from typing import Any

import jax
import numpy as np
import pytest

from kspec.ir import read, show
from kspec.registry import names
from tests.parity import metrics
from tests.parity.harness import Figure, close, program, spell
from tests.parity.metrics import BATCH, BATCHES, ROWS, SHORT, Case, Cases

FAMILIES: dict[str, Cases] = {
    family.name: importlib.import_module(f"tests.parity.metrics.{family.name}").CASES
    for family in pkgutil.iter_modules(metrics.__path__)
}
CASES: Cases = {name: cases for table in FAMILIES.values() for name, cases in table.items()}
FAMILY = {name: family for family, table in FAMILIES.items() for name in table}
ALL = [(name, case) for name, cases in CASES.items() for case in cases]
_DRAWN = np.random.default_rng(1).choice([0.25, 0.5, 1.0, 1.75, 3.1], ROWS).astype(np.float32)
_REAL = np.arange(ROWS) < ROWS - BATCH + SHORT  # all but what fills the last batch up
WEIGHTS = {"ones": _REAL.astype(np.float32), "fractions": np.where(_REAL, _DRAWN, 0)}


def test_every_metric_and_argument_is_here():
    assert set(CASES) == set(names("metric"))
    for name, cls in names("metric").items():
        tried = {key for case in CASES[name] for key in case.args}
        assert tried == {arg.name for arg in cls.args}, name


def _type(array: np.ndarray) -> str:
    dtype = {"float32": "f32", "int32": "i32"}[str(array.dtype)]
    return f"{dtype}{list(array.shape[1:])}"


def _key(case: Case) -> tuple[int, int]:
    return id(case.truth), id(case.predicted)


@cache
def _ours(key: tuple[int, int]) -> dict[str, dict[str, np.ndarray]]:
    """The results by weights and metric of all metrics on the same arrays, in one program."""
    group = {f"m{i}": each for i, each in enumerate(ALL) if _key(each[1]) == key}
    truth, predicted = next((case.truth, case.predicted) for _, case in group.values())
    calls = {
        entry: f"{name}({'truth, ' * (truth is not None)}p{spell(case.args, ', ')})"
        for entry, (name, case) in group.items()
    }
    fields = [f"  x : {_type(predicted)}", "  z : f32"]
    fields += [f"  truth : {_type(truth)}"] if truth is not None else []
    run = program(
        f"  input x : {_type(predicted)}\n  input z : f32\n  output p = x\n  output q = z",
        "  loss = mean_squared_error(z, q)\n  optimizer = sgd(0.1)\n  metrics = {\n"
        + "".join(f"    {entry}: {call}\n" for entry, call in calls.items())
        + "  }",
        "\n".join(fields),
    )
    text = run.bundle.files["model.opt.ir"]
    assert show(read(text)) == text
    found: dict[str, dict[str, np.ndarray]] = {}
    for kind, weights in WEIGHTS.items():
        total: Any = None
        for first in range(0, ROWS, BATCH):
            rows = slice(first, first + BATCH)
            batch = {"x": predicted[rows], "z": np.zeros(BATCH, np.float32)}
            if truth is not None:
                batch["truth"] = truth[rows]
            sums = run.executable.eval_step(run.state, batch, weights[rows])
            total = sums if total is None else jax.tree.map(lambda a, b: a + b, total, sums)
        found[kind] = jax.tree.map(np.asarray, run.executable.results(total))
    return found


def _theirs(case: Case, weights: np.ndarray) -> Any:
    """Keras' result; it sees the rows of the short batch alone."""
    metric = case.keras(**(case.args if case.theirs is None else {**case.args, "axis": -1}))
    for index in range(BATCHES):
        count = SHORT if index == BATCHES - 1 else BATCH
        rows = slice(index * BATCH, index * BATCH + count)
        operands = [x[rows] for x in (case.truth, case.predicted) if x is not None]
        if case.theirs is not None:
            operands = case.theirs(*operands)
        weight = weights[rows]
        if case.steps:  # one for each time step: Keras does not spread them itself
            weight = np.broadcast_to(weight[:, None], (count, operands[0].shape[1]))
        metric.update_state(*operands, sample_weight=weight)
    return metric.result()


WEIGHTED = [(name, cases[0], "ones") for name, cases in CASES.items()]
WEIGHTED += [(name, case, "fractions") for name, case in ALL]


@pytest.mark.parametrize(
    ("name", "case", "weights"),
    WEIGHTED,
    ids=lambda e: e if isinstance(e, str) else f"{spell(e.args)} {e.predicted.shape}",
)
def test_a_metric_over_batches_is_that_of_keras(name: str, case: Case, weights: str):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras' own, of weights for integers and the like
        theirs = np.asarray(_theirs(case, WEIGHTS[weights]))
    (entry,) = (f"m{i}" for i, (_, each) in enumerate(ALL) if each is case)
    ours = _ours(_key(case))[weights][entry]
    assert np.shape(ours) == np.shape(theirs)
    close(ours, theirs, figure=Figure("metric", FAMILY[name]))
