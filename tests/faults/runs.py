"""Runs to do harm to, and what tells two of them apart."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import jax
import numpy as np
from click.testing import CliRunner

import kspec
from kspec.cli import main
from kspec.runtime.folder import new_run_folder, open_run, write_bundle
from kspec.runtime.progress import QuietProgress
from kspec.runtime.train import Training
from tests.conftest import TESTS

SPEC = """\
data points {
  source = csv("points.csv")
  split  = { train: 80%, validation: 20% }
  a : f32
  b : f32
  y : f32
}

model Net {
  input a, b : f32
  output z = (stack((a, b), axis=-1)) -> dense(16, relu) -> dropout(0.2) -> dense(1)
}

train {
  model     = Net
  data      = points
  loss      = mean_squared_error(y, z)
  optimizer = adam(cosine_decay(1e-2, 400))
  batch     = 8
  epochs    = EPOCHS
  checkpoint { best = min(validation.loss), keep = 2, every = 1steps }
  stop { monitor = validation.loss, patience = PATIENCE, restore_best_weights = true }
}
"""
ROWS = 120


def write_spec(folder: Path, epochs: int = 4) -> Path:
    """A spec with dropout, shuffling, a schedule and the best weights kept, and its data."""
    numbers = np.random.default_rng(0).normal(size=(ROWS, 2)).round(4)
    lines = [f"{a},{b},{round(3 * a - b * b, 4)}" for a, b in numbers.tolist()]
    (folder / "points.csv").write_text("a,b,y\n" + "\n".join(lines) + "\n", encoding="utf-8")
    spec = folder / "net.kspec"
    text = SPEC.replace("EPOCHS", str(epochs)).replace("PATIENCE", str(max(50, epochs)))
    spec.write_text(text, encoding="utf-8")
    return spec


class At(QuietProgress):
    """Does something when an epoch has ended.

    Args:
        epoch: Its number, or None for each, whose number `do` is then given.
        do: What is done.
    """

    def __init__(self, epoch: int | None = 0, do: Callable[..., object] = lambda: None) -> None:
        super().__init__()
        self._at, self._do = epoch, do

    def epoch(self, number: int, *rest: Any) -> None:
        if self._at is None:
            self._do(number)
        elif self._at == number:
            self._do()


def train_in(folder: Path, spec: Path, at: At | None = None) -> Path:
    """Train in this process, in a run folder below `folder`; the current folder must be that."""
    run = kspec.compile(spec).init()
    place = folder / new_run_folder(spec.name)
    write_bundle(run.bundle, place)
    about = {"path": str(spec.absolute()), "set": {}, "train": None}
    Training(run, place, at or At(), 0.0, about).train(run.dataset())
    return place


def resume_in(folder: Path, at: At | None = None) -> None:
    """Go on in this process."""
    run = open_run(folder, goes_on=True)
    Training(run, folder, at or At(), 0.0).train(run.dataset())


def command(*args: str) -> list[str]:
    """A command line."""
    return [sys.executable, "-m", "kspec", *args]


def environment(**more: str | None) -> dict[str, str]:
    """Of a process that finds this kspec wherever it runs; without those that are None."""
    root = str(Path(kspec.__file__).parents[1])
    given = {**os.environ, "PYTHONPATH": root, **more}
    return {name: value for name, value in given.items() if value is not None}


def start(folder: Path, *args: str, **more: str) -> subprocess.Popen[str]:
    """A command that goes on while the test does."""
    return subprocess.Popen(
        command(*args),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**more),
    )


def do(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """A command, to its end, in this process, which has imported everything."""
    heard = signal.getsignal(signal.SIGINT)
    try:
        with contextlib.chdir(folder), patch("kspec.runtime.programs.remember_programs"):
            done = CliRunner().invoke(main, args)
    finally:
        signal.signal(signal.SIGINT, heard)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(args, done.exit_code, done.stdout, done.stderr)


def do_alone(folder: Path, *args: str, **more: str | None) -> subprocess.CompletedProcess[str]:
    """A command, to its end, in a process of its own."""
    return subprocess.run(
        command(*args),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        env=environment(**more),
    )


def at_length(tmp_path: Path, *args: str, seconds: float) -> str:
    """What `python -m tests.faults` says, which has to find nothing wrong."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults", *args],
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        timeout=seconds,
        env=environment(TMPDIR=str(tmp_path)),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def only_run(folder: Path, seconds: float = 60) -> Path:
    """The only run folder, as soon as it is there."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = list(folder.glob("runs/net/*/run.json"))
        if found:
            return found[0].parent
        time.sleep(0.02)
    raise AssertionError("no run folder came")


def wait_for_lines(folder: Path, count: int, seconds: float = 60) -> None:
    """Until so many epochs are written down."""
    path = folder / "metrics.jsonl"
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if path.is_file() and path.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.01)
    raise AssertionError(f"{count} epochs did not come")


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoints, the oldest first."""
    found = [p for p in (folder / "checkpoints").iterdir() if p.name.replace(".", "").isdigit()]
    return sorted(found, key=lambda path: tuple(map(int, path.name.split("."))))


def result(folder: Path) -> dict[str, str]:
    """Hashes of all that a run has come to, without what a clock says."""
    run = open_run(folder)
    state = hashlib.sha256()
    for path, leaf in jax.tree_util.tree_leaves_with_path(run.state):
        is_key = jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)
        values = np.asarray(jax.random.key_data(leaf) if is_key else leaf)
        state.update(f"{jax.tree_util.keystr(path)} {values.dtype}".encode() + values.tobytes())
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    for line in lines:
        del line["seconds"]
    files = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob("*.safetensors"))
    }
    position = f"epoch {run.position.epoch}, step {run.position.step}"
    return {"state": state.hexdigest(), "metrics": json.dumps(lines), "at": position, **files}
