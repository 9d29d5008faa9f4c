"""Some thousand bytes that a fuzzer made of the project's specs find nothing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import TESTS

ROOT = TESTS.parent


@pytest.mark.slow
def test_twenty_thousand_executions_find_nothing(tmp_path):
    pytest.importorskip("atheris", reason="needs the extra `fuzz`")
    command = [sys.executable, "-m", "tests.fuzz.target", str(tmp_path)]
    done = subprocess.run(
        [*command, "-runs=20000", "-seed=1", "-timeout=120"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        errors="replace",
    )
    assert done.returncode == 0, done.stderr[-5000:]
    assert not list(tmp_path.glob("crash-*"))
    assert list((tmp_path / "found").iterdir()), "nothing new was reached: is kspec instrumented?"


def test_a_finding_fails(tmp_path):
    """The harness itself: an exception that is no report ends the run."""
    pytest.importorskip("atheris", reason="needs the extra `fuzz`")
    broken = (
        "import sys, tests.test_fuzz as fuzz\n"
        "fuzz.survive = lambda text: text.startswith('model') and 1 / 0\n"
        f"sys.argv = ['target', {str(tmp_path)!r}, '-runs=2000', '-seed=1']\n"
        "from tests.fuzz import target\n"
        "target.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", broken],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        errors="replace",
    )
    assert done.returncode != 0
    assert "ZeroDivisionError" in done.stdout + done.stderr
    assert list(tmp_path.glob("crash-*"))
