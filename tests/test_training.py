"""Training in a run folder: stopped, killed, resumed, diverged; nothing is lost."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import kspec
from tests.conftest import SPECS

LONG = """\
data digits {
  source = digits()
  split  = { train: 90%, validation: 10% }
  image : u8[8, 8]
  label : class[10]
}

model Net {
  input image : u8[8, 8]
  output digit = image -> rescaling(1/16) -> flatten -> dense(256, relu) -> dropout(0.2)
    -> batch_normalization -> dense(10, softmax)
}

train {
  model     = Net
  data      = digits
  loss      = sparse_categorical_crossentropy(label, digit)
  optimizer = adam(1e-3)
  batch     = 10
  epochs    = EPOCHS
  checkpoint { every = 50ms }  # as often as they can be written
}
"""


def write_spec(folder: Path, epochs: int) -> None:
    (folder / "net.kspec").write_text(LONG.replace("EPOCHS", str(epochs)), encoding="utf-8")


def start(folder: Path, *args: str) -> subprocess.Popen[str]:
    """A command that goes on while the test does."""
    return subprocess.Popen(
        [sys.executable, "-m", "kspec", *args],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_folder(folder: Path, seconds: float = 60) -> Path:
    """The only run folder, as soon as it is there."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = list(folder.glob("runs/net/*/run.json"))
        if found:
            return found[0].parent
        time.sleep(0.05)
    raise AssertionError("no run folder came")


def wait_for_epochs(folder: Path, count: int, seconds: float = 60) -> None:
    """Until so many epochs are written down."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        path = folder / "metrics.jsonl"
        if path.is_file() and path.read_text(encoding="utf-8").count("\n") >= count:
            return
        time.sleep(0.01)
    raise AssertionError(f"{count} epochs did not come")


def final_weights(folder: Path) -> dict[str, np.ndarray]:
    return {path: np.array(value) for path, value in kspec.load(folder).weights.items()}


def test_ctrl_c_saves_and_resume_equals_never_stopped(tmp_path):
    write_spec(tmp_path, 40)
    stopped = start(tmp_path, "run", "net.kspec")
    folder = run_folder(tmp_path)
    wait_for_epochs(folder, 3)
    stopped.send_signal(signal.SIGINT)
    out, err = stopped.communicate(timeout=60)
    assert stopped.returncode == 130, err
    assert "Traceback" not in err
    assert f"to go on: kspec resume {folder.relative_to(tmp_path).as_posix()}" in err
    about = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert about["status"] == "interrupted"
    assert about["epoch"] < 40
    assert (folder / "report.html").is_file()

    resumed = start(tmp_path, "resume", str(folder), "--json")
    out, err = resumed.communicate(timeout=120)
    assert resumed.returncode == 0, err
    assert json.loads(out)["epochs"] == 40
    lines = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    epochs = [json.loads(line) for line in lines]
    assert [epoch["epoch"] for epoch in epochs] == list(range(1, 41))

    whole = kspec.compile(tmp_path / "net.kspec").fit(quiet=True)
    for path, value in final_weights(folder).items():
        np.testing.assert_array_equal(value, whole.weights[path], err_msg=path)
    for ours, theirs in zip(epochs, whole.history, strict=True):
        assert ours["train"] == theirs["train"]
        assert ours["validation"] == theirs["validation"]


def test_a_loss_that_is_no_number_ends_with_its_own_exit_code(tmp_path):
    """E608 keeps the folder, and says so in `run.json`."""
    np.savez(tmp_path / "line.npz", x=np.full((64, 2), 1e4, np.float32), y=np.ones(64, "float32"))
    (tmp_path / "net.kspec").write_text(
        'data line {\n  source = npz("line.npz")\n  x : f32[2]\n  y : f32\n}\n\n'
        "model Net {\n  input x : f32[2]\n  output z = x -> dense(1)\n}\n\n"
        "train {\n  model = Net\n  data = line\n  loss = mean_squared_error(y, z)\n"
        "  optimizer = sgd(10.0)\n  batch = 4\n  epochs = 40\n}\n",
        encoding="utf-8",
    )
    process = start(tmp_path, "run", "net.kspec")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 4, err
    assert "error[E608]: the loss is nan" in err or "error[E608]: the loss is inf" in err
    about = json.loads((run_folder(tmp_path) / "run.json").read_text(encoding="utf-8"))
    assert about["status"] == "diverged"


def test_the_digits_reach_their_accuracy():
    run = kspec.compile(SPECS / "digits.kspec").fit(quiet=True)
    assert run.evaluate()["test"]["sparse_categorical_accuracy"] >= 0.965


@pytest.mark.slow
def test_the_convolutional_digits_reach_their_accuracy():
    run = kspec.compile(SPECS / "digits_cnn.kspec").fit(quiet=True)
    assert run.evaluate()["test"]["sparse_categorical_accuracy"] >= 0.98
