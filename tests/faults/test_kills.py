"""SIGKILL at random instants; the run that goes on ends as one that was never killed."""

from __future__ import annotations

import pytest

from tests.faults.catalog import fault
from tests.faults.runs import at_length

SAME = "resumed until it ends, it is bit-same: weights, optimizer, metrics, best weights"


def killed(count: int, tmp_path) -> str:
    return at_length(tmp_path, "kills", "--count", str(count), seconds=900)


@fault("F01", "SIGKILL at 5 random instants (`-m slow`: 50), some during a save", SAME)
@fault("F04", "SIGKILL while it resumes, or writes a line of metrics", SAME)
@fault("F05", "SIGKILL up to 20 times in one run", SAME)
@fault("F06", "SIGKILL in the middle of an epoch", SAME)
def test_a_few_kills(tmp_path):
    assert killed(5, tmp_path).startswith("5 kills, ")


@pytest.mark.slow
def test_fifty_kills(tmp_path):
    assert killed(50, tmp_path).startswith("50 kills, ")
