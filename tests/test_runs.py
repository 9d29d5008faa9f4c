"""`kspec runs`: what a list says of whole, running and damaged run folders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from kspec.cli import main
from kspec.runtime.lock import locked
from kspec.runtime.runs import duration, list_runs
from tests.test_cli import kspec

LOSSES = (0.9, 0.4, 0.6)


def write_run(folder: Path, status: str = "finished", losses: tuple[float, ...] = LOSSES) -> Path:
    """A run folder, as far as a list reads it."""
    folder.mkdir(parents=True)
    about = {"status": status, "model": "Net", "spec": "net.kspec", "epoch": len(losses)}
    (folder / "run.json").write_text(json.dumps(about))
    plan = {"directions": {"accuracy": "max", "odd": None}, "phases": [{"epochs": 2}] * 2}
    (folder / "plan.json").write_text(json.dumps(plan))
    records = [
        {
            "epoch": epoch,
            "seconds": 40.5,
            "train": {"loss": 0.0},
            "validation": {"loss": loss, "accuracy": 1 - loss, "odd": [1.0, loss]},
        }
        for epoch, loss in enumerate(losses, 1)
    ]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    return folder


def test_a_list_has_the_newest_first_with_last_and_best(tmp_path):
    write_run(tmp_path / "net" / "20260102-030405-aaaaaa")
    write_run(tmp_path / "other" / "20260202-030405-bbbbbb", losses=())
    newest, oldest = list_runs(tmp_path)
    assert newest.run.endswith("bbbbbb")
    assert (newest.epochs, newest.last, newest.best) == (0, {}, {})
    assert (oldest.status, oldest.spec, oldest.epochs, oldest.of) == ("finished", "net.kspec", 3, 4)
    assert oldest.when == "2026-01-02T03:04:05+00:00"
    assert oldest.seconds == pytest.approx(121.5)
    assert (oldest.split, oldest.last["loss"]) == ("validation", 0.6)
    assert {name: (b.value, b.epoch) for name, b in oldest.best.items()} == {
        "loss": (0.4, 2),
        "accuracy": (0.6, 2),
    }


def test_nan_is_never_the_best(tmp_path):
    folder = write_run(tmp_path / "net", losses=(float("nan"), 0.5))
    assert list_runs(folder)[0].best["loss"].value == 0.5


def test_running_is_told_from_cut_short(tmp_path):
    folder = write_run(tmp_path / "net", status="running")
    assert list_runs(tmp_path)[0].status == "cut short"
    with locked(folder):
        assert list_runs(tmp_path)[0].status == "running"


def test_a_run_that_is_starting_is_not_damaged(tmp_path):
    folder = tmp_path / "net"
    folder.mkdir()
    with locked(folder):
        assert list_runs(tmp_path)[0].status == "starting"
    assert list_runs(tmp_path)[0].status == "damaged"


DAMAGE = {
    "run.json": ("", "{", "[]", "{}", '{"model": 1}', "\xff"),
    "plan.json": (
        "",
        "[1]",
        '{"phases": 3}',
        '{"phases": [{}]}',
        '{"phases": [], "directions": 1}',
    ),
    "metrics.jsonl": ('{"epoch": 1}\n', '{"epoch": 1, "train": 2}\n', '{"epoch": 1, "train": 1}'),
}


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, texts in DAMAGE.items() for text in texts]
)
def test_what_is_damaged_is_listed_with_its_reason(tmp_path, name, text):
    folder = write_run(tmp_path / "net")
    (folder / name).write_text(text, encoding="latin-1")
    (listed,) = list_runs(tmp_path)
    assert listed.status == "damaged"
    assert listed.problem


def test_a_folder_without_run_json_is_damaged(tmp_path):
    (write_run(tmp_path / "net") / "run.json").unlink()
    assert list_runs(tmp_path)[0].problem == "run.json: No such file or directory"


def test_the_command_prints_a_table_or_json(tmp_path):
    write_run(tmp_path / "runs" / "net" / "20260102-030405-aaaaaa")
    (write_run(tmp_path / "runs" / "net" / "broken") / "plan.json").write_text("{")
    head, *lines = kspec("runs", cwd=tmp_path).stdout.splitlines()
    assert head.split()[:5] == ["run", "spec", "status", "epochs", "time"]
    assert len(lines) == 2
    (whole,) = (line for line in lines if "aaaaaa" in line)
    assert "3 of 4  2 min 02 s" in whole
    assert whole.endswith(
        "validation: loss 0.6000 (0.4000, 2)  accuracy 0.4000 (0.6000, 2)  odd (1.0000, 0.6000)"
    )
    records = json.loads(kspec("runs", "runs/net", "--json", cwd=tmp_path).stdout)
    assert {record["status"] for record in records} == {"finished", "damaged"}
    assert kspec("runs", "nowhere", cwd=tmp_path).stderr == "there are no runs below nowhere\n"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.04, "0.0 s"), (59.94, "59.9 s"), (61, "1 min 01 s"), (7380, "2 h 03 min")],
)
def test_durations_read_well(seconds, shown):
    assert duration(seconds) == shown


@pytest.mark.parametrize("command", ["eval", "resume", "predict", "compare"])
def test_shells_complete_runs_newest_first(tmp_path, monkeypatch, command):
    for name in ("20260102-030405-aaaaaa", "20260302-030405-bbbbbb"):
        write_run(tmp_path / "runs" / "net" / name)
    monkeypatch.chdir(tmp_path)
    completing = BashComplete(main, {}, "kspec", "_KSPEC_COMPLETE")
    found = [item.value for item in completing.get_completions([command], "runs/net/")]
    assert found == ["runs/net/20260302-030405-bbbbbb", "runs/net/20260102-030405-aaaaaa"]
    (other,) = completing.get_completions([command], "old")
    assert (other.value, other.type) == ("old", "dir")
