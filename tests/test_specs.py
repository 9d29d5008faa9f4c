"""The specs of `specs/` reach what they state, from the command line, with their own data."""

from __future__ import annotations

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
    pytest.param("siamese", "binary_accuracy", 0.92, 1, marks=slow),
    pytest.param("tabular", "sparse_categorical_accuracy", 0.99, 1),
]


@pytest.mark.parametrize(("name", "metric", "least", "most"), RESULTS)
def test_a_run_reaches_what_its_spec_states(name, metric, least, most, tmp_path):
    shutil.copytree(SPECS, tmp_path / "specs")
    command = [sys.executable, "-m", "kspec", "run", "--json", f"specs/{name}.kspec"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert least <= json.loads(done.stdout)["metrics"]["test"][metric] <= most


def test_the_pairs_are_those_that_their_script_makes():
    made = runpy.run_path(str(SPECS / "pairs.py"))["pairs"]()
    for part, arrays in made.items():
        with np.load(SPECS / f"pairs_{part}.npz") as kept:
            assert set(kept) == set(arrays)
            for field, array in arrays.items():
                np.testing.assert_array_equal(kept[field], array)
