"""The specs of `specs/` reach what they state, from the command line, with their own data."""

from __future__ import annotations

import csv
import json
import runpy
import shutil
import subprocess
import sys

import numpy as np
import pytest

from tests.conftest import SPECS

# What a spec states, from the command line: the number of its test split, and its limits.
slow = pytest.mark.slow
RESULTS = [
    pytest.param("augmented", "sparse_categorical_accuracy", 0.98, 1, marks=slow),
    pytest.param("autoencoder", "loss", 0, 0.008, marks=slow),
    pytest.param("docstrings", "sparse_categorical_accuracy", 0.87, 1),
    pytest.param("generator", "sparse_categorical_accuracy", 0.98, 1, marks=slow),
    pytest.param("siamese", "binary_accuracy", 0.92, 1, marks=slow),
    pytest.param("tabular", "sparse_categorical_accuracy", 0.99, 1),
]


@pytest.mark.parametrize(("name", "metric", "least", "most"), RESULTS)
def test_a_run_reaches_what_its_spec_states(name, metric, least, most, tmp_path):
    assert least <= trained(name, tmp_path)["metrics"]["test"][metric] <= most


def trained(name, folder):
    """What a run of a spec says, run from the command line in a folder."""
    shutil.copytree(SPECS, folder / "specs")
    command = [sys.executable, "-m", "kspec", "run", "--json", f"specs/{name}.kspec"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_callbacks_of_the_guide_do_what_it_says(tmp_path):
    """The rate falls where validation stands still, training ends, the best weights are kept."""
    said = trained("callbacks", tmp_path)
    run = tmp_path / said["run"]
    with (run / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    losses = [float(row["validation.loss"]) for row in rows]
    rates = [float(row["learning_rate"]) for row in rows]
    assert len(rows) < 100
    assert len(rows) - 1 - losses.index(min(losses)) == 8  # the patience of `stop`
    assert sorted(set(rates), reverse=True) == pytest.approx(
        [3e-3 * 0.2**n for n in range(len(set(rates)))]
    )
    assert len(set(rates)) > 1
    assert said["metrics"]["validation"]["loss"] == pytest.approx(min(losses), rel=1e-5)
    assert said["metrics"]["test"]["sparse_categorical_accuracy"] >= 0.98
    assert (run / "best.safetensors").is_file()
    assert list((run / "logs" / "validation").glob("events.out.tfevents.*"))


def test_the_pairs_are_those_that_their_script_makes():
    made = runpy.run_path(str(SPECS / "pairs.py"))["pairs"]()
    for part, arrays in made.items():
        with np.load(SPECS / f"pairs_{part}.npz") as kept:
            assert set(kept) == set(arrays)
            for field, array in arrays.items():
                np.testing.assert_array_equal(kept[field], array)
