"""Signals, and two processes in one folder."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.faults.catalog import fault
from tests.faults.runs import (
    checkpoints,
    do,
    do_alone,
    environment,
    only_run,
    result,
    start,
    wait_for_lines,
    write_spec,
)

EPOCHS = 4000
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_spec(tmp_path, EPOCHS)
    return tmp_path


def running(place: Path):
    process = start(place, "run", "net.kspec")
    folder = only_run(place)
    wait_for_lines(folder, 2)
    return process, folder


@fault(
    "F07",
    "SIGINT, SIGTERM or SIGHUP while it trains",
    "the dispatch is finished and saved; exit code 130, 143 or 129; how to go on is said",
)
@pytest.mark.parametrize("number", CODES, ids=lambda number: number.name)
def test_a_signal_saves_and_ends(place, number):
    process, folder = running(place)
    sent = time.monotonic()
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert time.monotonic() - sent < 10
    assert process.returncode == CODES[number], err
    assert "Traceback" not in err
    assert f"to go on: kspec resume {folder.relative_to(place)}" in err
    about = json.loads((folder / "run.json").read_text())
    assert about["status"] == "interrupted"
    saved = json.loads((checkpoints(folder)[-1] / "manifest.json").read_text())
    assert saved["position"]["epoch"] == about["epoch"] < EPOCHS
    assert (saved["step"] == about["steps"]) and about["steps"] > 0


@fault(
    "F07",
    "a second signal, while the first one's checkpoint is saved",
    "the process ends at once, by that signal; the folder is whole",
)
def test_a_second_signal_ends_at_once(place):
    process, folder = running(place)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (-signal.SIGTERM, 143), err  # or it was quick enough
    assert do(place, "eval", str(folder)).returncode in (0, 1)
    assert "Traceback" not in err


@fault("F07", "SIGHUP to a run that was started with nohup", "it goes on")
def test_what_is_ignored_stays_ignored(tmp_path):
    import subprocess

    from tests.faults.runs import command

    write_spec(tmp_path, 30)
    process = subprocess.Popen(
        ["nohup", *command("run", "net.kspec", "--json")],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    only_run(tmp_path)
    process.send_signal(signal.SIGHUP)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out)["epochs"] == 30


@fault("F08", "SIGSTOP for a while, then SIGCONT", "nothing; it ends bit-same")
def test_a_stopped_process_goes_on(tmp_path, whole):
    write_spec(tmp_path)
    process = start(tmp_path, "run", "net.kspec")
    folder = only_run(tmp_path)
    process.send_signal(signal.SIGSTOP)
    time.sleep(2)
    process.send_signal(signal.SIGCONT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert result(folder) == whole


@fault(
    "F09",
    "a run that trains is resumed by a second process",
    "E650 names the process; the first goes on",
)
def test_a_second_process_is_refused(place):
    process, folder = running(place)
    done = do_alone(place, "resume", str(folder))
    assert done.returncode == 1
    assert f"is in use by process {process.pid}" in done.stderr
    assert "error[E650]" in done.stderr
    assert do_alone(place, "eval", str(folder)).returncode == 0  # to read is no harm
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 143


@fault(
    "F09",
    "the process that held the lock was killed by SIGKILL",
    "the lock is free; the run goes on",
)
def test_a_lock_that_is_left_is_free(tmp_path, whole):
    write_spec(tmp_path)
    process = start(tmp_path, "run", "net.kspec")
    folder = only_run(tmp_path)
    process.kill()
    process.communicate()
    assert (folder / ".lock").read_text().startswith(str(process.pid))
    done = do(tmp_path, "resume", str(folder))
    assert done.returncode == 0, done.stderr
    assert result(folder) == whole


@fault("F43", "ctrl-C before training has begun", "it ends at once, by the signal; no half file")
def test_ctrl_c_while_it_compiles(place):
    process = start(place, "run", "net.kspec")
    time.sleep(0.7)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT), err
    left = [path for path in place.rglob("*") if path.name.endswith(".tmp")]
    assert not left
    assert not os.path.exists(place / "build")  # noqa: PTH110
