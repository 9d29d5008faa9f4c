"""A power failure, sampled here; `python -m tests.faults power` goes on for longer."""

from __future__ import annotations

import shutil

import pytest

from tests.faults.catalog import fault
from tests.faults.runs import at_length

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="the shim is C")


@fault(
    "F03",
    "what was written since the last fsync is lost, torn or reordered, at 6 random instants "
    "(`-m slow`: 100)",
    "no checkpoint that was saved is lost; resumed it is bit-same",
)
def test_a_few_power_failures(tmp_path):
    said = at_length(tmp_path, "power", "--count", "6", "--seed", "3", seconds=900)
    assert said.startswith("6 power failures, ") and ", 0 runs" not in said


@pytest.mark.slow
def test_a_hundred_power_failures(tmp_path):
    assert at_length(tmp_path, "power", "--count", "100", seconds=1800).startswith("100 power")
