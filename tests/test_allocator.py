"""What is freed stays with the process, where that is known to help."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kspec.runtime import allocator

LARGE = """
import resource
import numpy as np
from kspec.runtime.allocator import keep_memory

kept = {ask}
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(8):
    np.ones(2**24)  # 128 MB, all of whose pages are written
print(kept, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(ask: str) -> tuple[str, int]:
    """What was answered, and how many pages the system had to bring."""
    command = [sys.executable, "-c", LARGE.format(ask=ask)]
    kept, count = subprocess.run(command, capture_output=True, text=True).stdout.split()
    return kept, int(count)


@pytest.mark.skipif(not allocator._is_glibc(), reason="not glibc")
def test_memory_that_was_freed_is_used_again():
    kept, few = faults("keep_memory()")
    _, many = faults("None")
    assert kept == "True"
    assert few < many / 2


def test_nothing_is_asked_of_other_systems(monkeypatch):
    monkeypatch.setattr(allocator.sys, "platform", "darwin")
    assert not allocator.keep_memory()
