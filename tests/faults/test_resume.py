"""A run goes on as what it began, or says what is not as it was."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from kspec.diagnostics import SpecError
from kspec.runtime.manifest import seal, unseal
from tests.faults.catalog import fault
from tests.faults.runs import checkpoints, do, do_alone, result, resume_in, train_in


def stopped(folder: Path) -> None:
    """Let the run stand before its end."""
    shutil.rmtree(checkpoints(folder)[-1])


def edit(path: Path, *pairs: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def data_mistake(folder: Path) -> str:
    with pytest.raises(SpecError) as caught:
        resume_in(folder)
    assert caught.value.diagnostics[0].code == "E652"
    return caught.value.render()


@fault(
    "F17",
    "a value, a row or a field of the data file changes",
    "E652 names split, field and counts",
)
def test_changed_data_is_named(folder):
    data = folder.parents[2] / "points.csv"
    text = data.read_text(encoding="utf-8")
    stopped(folder)
    line = text.splitlines()[5]
    a, b, y = line.split(",")
    data.write_text(text.replace(line, f"{a},{b},{float(y) + 1}"), encoding="utf-8")
    report = data_mistake(folder)
    assert "`y` of `train` has other values" in report or "`y` of `validation`" in report
    assert "net.kspec:2:" in report or "spec.kspec:2:" in report
    data.write_text(text.rsplit("\n", 2)[0] + "\n", encoding="utf-8")
    assert "`train` has 95 rows, and had 96" in data_mistake(folder)
    data.write_text(text, encoding="utf-8")
    resume_in(folder)


@fault("F17", "the data file gets a column that the run does not read", "the run goes on, bit-same")
def test_a_column_that_is_not_read_may_change(folder, whole):
    data = folder.parents[2] / "points.csv"
    head, *rows = data.read_text(encoding="utf-8").splitlines()
    data.write_text(
        "\n".join([f"{head},c", *(f"{row},1" for row in rows)]) + "\n", encoding="utf-8"
    )
    stopped(folder)
    resume_in(folder)
    assert result(folder) == whole


@fault(
    "F31",
    "the data file is gone when the run goes on",
    "a mistake that names it; the run can go on when it is back",
)
def test_data_that_is_gone_is_named(folder, whole):
    data = folder.parents[2] / "points.csv"
    stopped(folder)
    data.rename(folder / "away")
    with pytest.raises(SpecError, match=r"points\.csv"):
        resume_in(folder)
    (folder / "away").rename(data)
    resume_in(folder)
    assert result(folder) == whole


@fault(
    "F15",
    "batch, optimizer, schedule, layer or seed of the spec change",
    "E651 lists what changed, from what to what; `--ignore-change` goes on as it began, bit-same",
)
def test_a_changed_spec_is_refused_with_a_list(folder, whole):
    place = folder.parents[2]
    stopped(folder)
    edit(
        place / "net.kspec",
        ("batch     = 8", "batch     = 16"),
        ("adam(cosine_decay(1e-2, 400))", "sgd(0.1)"),
        ("dense(16, relu)", "dense(17, relu)"),
    )
    for extra in ((), ("--allow-change",)):
        done = do(place, "resume", str(folder), *extra)
        assert done.returncode == 1
        assert "error[E651]: `net.kspec` is not what the run began with" in done.stderr
        assert "~ train.batch: 8 -> 16" in done.stderr
        assert "~ train.optimizer: adam(" in done.stderr and "-> sgd(" in done.stderr
        assert "layer" in done.stderr
        assert "kspec run" in done.stderr
    done = do(place, "resume", str(folder), "--ignore-change", "--quiet")
    assert done.returncode == 0, done.stderr
    assert result(folder) == whole


@fault(
    "F15",
    "epochs and sections that are no part of an update change",
    "`--allow-change` takes them over",
)
def test_more_epochs_are_taken_over_if_that_is_allowed(folder):
    place = folder.parents[2]
    edit(
        place / "net.kspec", ("epochs    = 4", "epochs    = 6"), ("patience = 50", "patience = 40")
    )
    done = do(place, "resume", str(folder))
    assert done.returncode == 1
    assert "~ train.epochs: 4 -> 6" in done.stderr
    assert "`--allow-change` takes this over" in done.stderr
    done = do(place, "resume", str(folder), "--allow-change", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["epochs"] == 6
    fresh = do(place, "run", "net.kspec", "--json")
    other = place / json.loads(fresh.stdout)["run"]
    assert result(folder) == result(other)


@fault("F15", "a comment and the layout of the spec change", "the run goes on, bit-same")
def test_a_comment_may_change(folder, whole):
    place = folder.parents[2]
    stopped(folder)
    edit(place / "net.kspec", ("model Net {", "# a net\nmodel Net {"))
    done = do(place, "resume", str(folder), "--quiet")
    assert done.returncode == 0, done.stderr
    assert result(folder) == whole


@fault(
    "F16",
    "the run began with another version of NumPy, on another device",
    "W402 says from what to what",
)
@pytest.mark.parametrize("what", ["numpy", "device"])
def test_other_versions_are_said(folder, what):
    stopped(folder)
    path = folder / "kspec.lock"
    lock = unseal(path.read_bytes(), 1)
    lock["versions"][what] = "of long ago"
    path.write_text(seal(lock), encoding="utf-8")
    done = do(folder.parents[2], "resume", str(folder))
    assert done.returncode == 0, done.stderr
    assert f"warning[W402]: the run began with {what} of long ago, and goes on" in done.stderr


@fault(
    "F17",
    "a file of weights changes, and the run was killed before its first checkpoint",
    "E652 names the file; unchanged, it is loaded again",
)
def test_weights_that_were_loaded_are_loaded_again(folder, whole):
    place = folder.parents[2]
    shutil.copy(folder / "weights.safetensors", place / "first.safetensors")
    edit(place / "net.kspec", ("  loss  ", '  load ** from "first.safetensors"\n  loss  '))
    done = do(place, "run", "net.kspec", "--json")
    assert done.returncode == 0, done.stderr
    other = place / json.loads(done.stdout)["run"]
    once = result(other)
    assert once["state"] != whole["state"]
    shutil.rmtree(other / "checkpoints")
    weights = (place / "first.safetensors").read_bytes()
    (place / "first.safetensors").write_bytes(weights[:-4] + np.float32(2).tobytes())
    with pytest.raises(SpecError) as caught:
        resume_in(other)
    assert "`first.safetensors` has other content" in caught.value.render()
    (place / "first.safetensors").write_bytes(weights)
    resume_in(other)
    assert result(other) == once


@fault(
    "F01", "the last run of the spec was killed", "`kspec run` says so, and how to go on with it"
)
def test_run_offers_to_go_on(folder):
    place = folder.parents[2]
    edit(folder / "run.json", ('"status": "finished"', '"status": "running"'))
    done = do(place, "run", "net.kspec")
    shown = folder.relative_to(place).as_posix()
    assert f"note: the last run did not end; to go on with it: kspec resume {shown}" in done.stderr
    assert "note: the last run" not in do(place, "run", "net.kspec").stderr


ELSEWHERE = {
    "PYTHONHASHSEED": "7",
    "LC_ALL": "C",
    "TZ": "Asia/Kathmandu",
    "HOME": None,
    "XDG_CACHE_HOME": "/proc/cache",
}


@fault(
    "F40",
    "another hash seed, locale, time zone, umask, folder; one core; no HOME, no place for a cache",
    "the same Python, byte for byte, and the same weights",
)
def test_the_environment_changes_nothing(folder, whole):
    place = folder.parents[2]
    (place / "sub").mkdir()
    before, cores = os.umask(0o077), os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(cores)})  # of the process that is started, too
        done = do_alone(place / "sub", "run", "../net.kspec", "--json", **ELSEWHERE)
    finally:
        os.umask(before)
        os.sched_setaffinity(0, cores)
    assert done.returncode == 0, done.stderr
    other = place / "sub" / json.loads(done.stdout)["run"]
    assert (other / "model.py").read_bytes() == (folder / "model.py").read_bytes()
    assert result(other) == whole


@fault("F47", "another spec trains in the same process, before and between", "bit-same")
def test_two_specs_in_one_process(folder, whole):
    place = folder.parents[2]
    text = (place / "net.kspec").read_text(encoding="utf-8")
    other = text.replace("dense(16, relu)", "dense(3, tanh)").replace("adam(", "sgd(")
    (place / "other.kspec").write_text(other, encoding="utf-8")
    train_in(place, place / "other.kspec")
    again = train_in(place, place / "net.kspec")
    assert result(again) == whole
