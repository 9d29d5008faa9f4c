"""What goes wrong while a run trains: numbers, losses, best weights, and the data's files."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import kspec
from kspec.diagnostics import SpecError
from kspec.runtime.weights import read_weights
from tests.faults import nans
from tests.faults.catalog import fault
from tests.faults.runs import (
    At,
    at_length,
    checkpoints,
    result,
    resume_in,
    train_in,
    write_spec,
)
from tests.test_phases import DATA, same, weights
from tests.test_terminate_on_nan import fails, huge, run_of, spec

TAKEN_BACK = "no update of it stays, bit for bit; E641 names step and layer, the line of the spec"


@fault(
    "F21",
    "nan at a random step, in a layer's value or gradient, the loss, a weight, the optimizer "
    "(6 here; `-m slow`: 200)",
    TAKEN_BACK,
)
@fault("F21", "nan or inf in inputs or labels", "a mistake that names field and row; no update")
def test_planted_numbers(tmp_path):
    tally = nans.nans(tmp_path, 6, seed=1)
    assert tally.planted == 6 and not tally.wrong, tally.wrong


@pytest.mark.slow
def test_two_hundred_planted_numbers(tmp_path):
    said = at_length(tmp_path, "nans", "--count", "200", seconds=900)
    assert said.startswith("200 planted")


@fault("F21", "the learning rate becomes inf at a step", "E641; the weights are those before it")
@fault("F21", "nan, where the spec has `skip`", "these updates are left out; metrics count them")
def test_a_learning_rate_that_is_no_number():
    run = run_of(optimizer="sgd(inverse_time_decay(0.01, 6, -1.0))")
    found = fails(run)
    assert (found.epoch, found.step) == (2, 3)  # 1 - 6 / 6
    assert found.span is not None and "inverse_time_decay" in found.span.text
    assert int(run.state["step"]) == 6
    assert all(np.isfinite(value).all() for value in run.weights.values())
    run = run_of(section="skip = 1").fit(huge(9), quiet=True)
    assert [record["skipped"] for record in run.history] == [[2]] * 3


SCALED = "sgd(0.01, loss_scale_factor=3e38)"


@fault("F22", "a value overflows in 16 bits, a loss scale makes gradients too large", TAKEN_BACK)
@pytest.mark.parametrize(
    ("hidden", "optimizer", "what"),
    [
        ("cast(cast(h * 1e6, f16), f32)", "adam(0.01)", ("cast(h * 1e6, f16)", "`cast` is inf")),
        ("100 * h", SCALED, (SCALED, "the update is no number")),
    ],
)
def test_an_overflow_is_named(hidden, optimizer, what):
    run = run_of(hidden, optimizer)
    before = weights(run)
    found = fails(run)
    assert found.span is not None
    assert (found.span.text, found.what) == what
    assert same(before, weights(run)) == set(before)


@fault("F22", "a loss scale makes gradients too small", "updates of 0: no weight changes")
def test_a_loss_scale_that_is_too_small():
    run = run_of(optimizer="sgd(0.01, loss_scale_factor=1e-38)")
    before = weights(run)
    run.fit(DATA, quiet=True)
    assert all(np.isfinite(value).all() for value in run.weights.values())
    assert same(before, weights(run)) == set(before)


@fault(
    "F23",
    "the loss jumps by more than 100 times",
    "the jump is in the metrics; `restore_best_weights` goes back to the weights from before",
)
def test_a_loss_that_jumps():
    rate = "sgd(piecewise_constant_decay([12], [0.05, 40.0]))"
    more = "stop { monitor = loss, patience = 2, restore_best_weights = true }"
    text = spec(optimizer=rate, more=more).replace("epochs    = 3", "epochs    = EPOCHS")
    run = kspec.compile_text(text.replace("EPOCHS", "9")).fit(DATA, quiet=True)
    before = kspec.compile_text(text.replace("EPOCHS", "3")).fit(DATA, quiet=True)
    losses = [record["train"]["loss"] for record in run.history]
    assert losses[3] > 100 * losses[2] and len(losses) == 5
    assert same(weights(before), weights(run)) == set(before.weights)


@fault(
    "F20",
    "checkpoints rotate, one being kept, while the best weights are those of epoch 1; then it dies",
    "`best.safetensors` stays, and no worse one takes its place; resumed it is bit-same",
)
def test_the_best_weights_stay(tmp_path, whole, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write_spec(tmp_path)
    text = path.read_text(encoding="utf-8")  # the loss falls, so that the first one is the best
    text = text.replace("min(validation.loss), keep = 2", "max(validation.loss), keep = 1")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ZeroDivisionError):
        train_in(tmp_path, path, At(3, _die))
    (folder,) = tmp_path.glob("runs/net/*")
    best = (folder / "best.safetensors").read_bytes()
    assert len(checkpoints(folder)) == 1
    resume_in(folder)
    assert len(checkpoints(folder)) == 1
    assert (folder / "best.safetensors").read_bytes() == best
    assert read_weights(folder / "best.safetensors", {}, own=True)[1]["epoch"] == "1"
    assert result(folder) == whole | {"best.safetensors": hashlib.sha256(best).hexdigest()}


def _die() -> None:
    raise ZeroDivisionError


@fault(
    "F31",
    "a table is cut off, deleted and replaced while a run trains on it",
    "it was read when the run began: nothing; it ends bit-same",
)
def test_a_table_that_changes(tmp_path, whole, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write_spec(tmp_path)
    data = tmp_path / "points.csv"

    def harm(epoch: int) -> None:
        if epoch == 1:
            os.truncate(data, 100)
        elif epoch == 2:
            data.unlink()
        else:
            data.write_text("a,b,y\n1,2,3\n", encoding="utf-8")

    assert result(train_in(tmp_path, path, At(None, harm))) == whole


def arrays_in(place: Path) -> Path:
    """The spec, with its data in files that are mapped into memory."""
    spec = write_spec(place)
    numbers = np.loadtxt(place / "points.csv", np.float32, delimiter=",", skiprows=1)
    for name, column in zip("aby", numbers.T, strict=True):
        np.save(place / f"{name}.npy", np.ascontiguousarray(column))
    text = spec.read_text(encoding="utf-8")
    source = 'npy(a="a.npy", b="b.npy", y="y.npy")'
    old = '  source = csv("points.csv")\n  split  = { train: 80%, validation: 20% }\n'
    assert old in text
    new = f"  split = {{ train: {source}, validation: {source} }}\n"
    spec.write_text(text.replace(old, new), encoding="utf-8")
    return spec


@fault(
    "F31",
    "a file that is mapped into memory is cut off, or written to, while a run reads it",
    "E502 names it before a batch of it is used; with the old file the run goes on, bit-same",
)
@fault("F31", "such a file is deleted, or another put in its place", "nothing; it ends bit-same")
def test_mapped_files_that_change(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = arrays_in(tmp_path)
    folder = train_in(tmp_path, path)
    once = result(folder)
    shutil.rmtree(folder)
    monkeypatch.setattr("kspec.runtime.feed.HOST_BYTES", 0)  # as if they were larger than memory
    file = tmp_path / "a.npy"
    text = file.read_bytes()

    def written() -> None:
        with file.open("r+b") as stream:
            stream.seek(300)
            stream.write(b"\0\0\0\0")

    with pytest.raises(SpecError, match=r"E502.*`a.npy` .* changed while it was read"):
        train_in(tmp_path, path, At(1, lambda: os.truncate(file, 200)))
    (folder,) = tmp_path.glob("runs/net/*")
    assert '"status": "failed"' in (folder / "run.json").read_text(encoding="utf-8")
    file.write_bytes(text)
    with pytest.raises(SpecError, match="E502"):
        resume_in(folder, At(2, written))
    file.write_bytes(text)
    resume_in(folder, At(3, lambda: (tmp_path / "y.npy").replace(file)))
    assert result(folder) == once
