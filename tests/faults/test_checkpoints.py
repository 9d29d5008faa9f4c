"""Checkpoints that are no longer what was written: found, named, and passed over."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

import pytest

import kspec
from kspec.diagnostics import SpecError
from kspec.runtime.folder import open_run
from kspec.runtime.manifest import read_manifest, seal
from tests.faults.catalog import fault
from tests.faults.flips import files_of, flip, is_found
from tests.faults.runs import checkpoints, result, resume_in

BEFORE = "the one before is used, W401 names the folder and the reason; resumed it is bit-same"


def passes_over(folder: Path, whole: dict[str, str], capsys, reason: str) -> None:
    """The newest checkpoint is passed over, named, and the run ends as the whole one."""
    newest = checkpoints(folder)[-1]
    before = checkpoints(folder)[-2]
    run = open_run(folder)
    err = capsys.readouterr().err
    assert "warning[W401]" in err and newest.name in err and reason in err, err
    assert run.checkpoint == before.name
    resume_in(folder)
    assert result(folder) == whole
    assert (newest.parent / f"{newest.name}.damaged").is_dir()


@fault("F12", "one bit flips in any file of a checkpoint, the manifest too", BEFORE)
def test_a_flipped_bit_is_found_in_every_file(folder, whole, capsys):
    newest = checkpoints(folder)[-1]
    where = random.Random(0)
    for path in files_of(newest):
        for _ in range(40 if path.stat().st_size else 0):
            at, bit = where.randrange(path.stat().st_size), where.randrange(8)
            flip(path, at, bit)
            assert is_found(newest), f"{path.name}, byte {at}, bit {bit}"
            flip(path, at, bit)
    assert not is_found(newest)
    flip(max(files_of(newest), key=lambda path: path.stat().st_size), 100, 3)
    passes_over(folder, whole, capsys, "is not what was written")


@fault("F13", "any file is cut off at each 4 KiB, emptied, zeroed in part, or longer", BEFORE)
def test_a_file_of_another_length_is_found(folder, whole, capsys):
    newest = checkpoints(folder)[-1]
    for path in files_of(newest):
        text = path.read_bytes()
        cuts = [text[:size] for size in range(0, len(text), 4096)]
        middle = len(text) // 2
        zeroed = text[:middle] + bytes(min(4096, len(text) - middle)) + text[middle + 4096 :]
        for damaged in (*cuts, text + b"\0", *([zeroed] if zeroed != text else [])):
            path.write_bytes(damaged)
            assert is_found(newest), (path.name, len(damaged))
        path.write_bytes(text)
    assert not is_found(newest)
    os.truncate(newest / "state" / "_METADATA", 10)
    passes_over(folder, whole, capsys, "`state/_METADATA` has 10 bytes, and had")


@fault(
    "F14", "any file is removed, or a foreign one, a link or a folder added or put there", BEFORE
)
def test_a_missing_or_foreign_file_is_found(folder, whole, capsys):
    newest = checkpoints(folder)[-1]
    for path in files_of(newest):
        path.rename(folder / "away")
        assert is_found(newest), path.name
        path.symlink_to("/dev/zero")
        assert is_found(newest), path.name
        path.unlink()
        (folder / "away").rename(path)
    (newest / "state" / "foreign").write_bytes(b"")
    assert is_found(newest)
    passes_over(folder, whole, capsys, "`state/foreign` does not belong to it")


@fault("F14", "files of two checkpoints are mixed", BEFORE)
def test_files_of_two_steps_are_told_apart(folder, whole, capsys):
    older, newest = checkpoints(folder)
    shutil.rmtree(newest / "state")
    shutil.copytree(older / "state", newest / "state")
    passes_over(folder, whole, capsys, "`state/")


@fault(
    "F14",
    "a checkpoint is renamed to a later step",
    "W401; the newest that is what it says is used",
)
def test_a_renamed_checkpoint_is_passed_over(folder, whole, capsys):
    older, newest = checkpoints(folder)
    older.rename(older.with_name("99"))
    assert open_run(folder).checkpoint == newest.name
    assert "it is of step" in capsys.readouterr().err
    resume_in(folder)
    assert result(folder) == whole


def say(folder: Path, changed: dict[str, object]) -> None:
    """Let the manifest of the newest checkpoint say something else, and seal it."""
    newest = checkpoints(folder)[-1]
    about = read_manifest(newest) | changed
    (newest / "manifest.json").write_text(seal(about), encoding="utf-8")


@fault("F14", "the checkpoint of another run of the same spec is put there", BEFORE)
def test_a_checkpoint_of_another_run_is_passed_over(folder, whole, capsys):
    say(folder, {"run": "f" * 32})
    passes_over(folder, whole, capsys, "it is of another run")


@fault("F15", "the checkpoint of another program is put there, hashes and all", BEFORE)
def test_a_checkpoint_of_another_program_is_passed_over(folder, whole, capsys):
    say(folder, {"program": "0" * 64})
    passes_over(folder, whole, capsys, "it is of another program")


@fault("F16", "the manifest has another format", BEFORE)
def test_another_format_is_passed_over(folder, whole, capsys):
    say(folder, {"format": 99})
    passes_over(folder, whole, capsys, "has format 99")


@fault("F18", "the optimizer's state is taken out, and the manifest made to fit", BEFORE)
def test_a_state_without_its_optimizer_is_refused(folder, whole, capsys):
    from orbax.checkpoint import v1

    from kspec.runtime.manifest import write_manifest

    newest = checkpoints(folder)[-1]
    about = read_manifest(newest)
    state = {k: v for k, v in kspec.load(folder).state.items() if k != "optimizer"}
    shutil.rmtree(newest)
    v1.save(newest, state)
    write_manifest(newest, {k: v for k, v in about.items() if k != "files"})
    assert not is_found(newest)
    passes_over(folder, whole, capsys, "its state does not fit the program")


@fault(
    "F14",
    "all checkpoints are damaged",
    "a run that goes on starts anew, and ends bit-same; E607 for others",
)
def test_without_any_whole_checkpoint_it_starts_anew(folder, whole, capsys):
    for checkpoint in checkpoints(folder):
        flip(checkpoint / "state" / "_METADATA", 5, 1)
    with pytest.raises(SpecError, match="E607"):
        kspec.load(folder)
    resume_in(folder)
    assert capsys.readouterr().err.count("warning[W401]") == 4
    assert result(folder) == whole


@fault("F12", "a bit flips in the kept weights", "E502: a run that goes on does not use them")
def test_kept_weights_that_are_damaged_are_refused(folder):
    path = folder / "best.safetensors"
    size = path.stat().st_size
    for at in (9, size // 2, size - 1):
        flip(path, at, 2)
        with pytest.raises(SpecError) as caught:
            resume_in(folder)
        assert caught.value.diagnostics[0].code == "E502"
        flip(path, at, 2)
    resume_in(folder)


@fault("F14", "the kept weights are missing", "W403 names the epoch")
def test_kept_weights_that_are_missing_are_said(folder, capsys):
    (folder / "best.safetensors").unlink()
    resume_in(folder)
    assert "warning[W403]" in capsys.readouterr().err


@fault("F12", "a bit flips in model.py, plan.json or kspec.lock", "E602 names the file")
@pytest.mark.parametrize("name", ["model.py", "plan.json", "kspec.lock"])
def test_a_damaged_program_is_refused(folder, name):
    flip(folder / name, (folder / name).stat().st_size // 2, 0)
    with pytest.raises(SpecError, match="E602") as caught:
        open_run(folder)
    assert name in caught.value.render()


@fault("F14", "kspec.lock is missing", "E602")
def test_a_missing_lock_is_named(folder):
    (folder / "kspec.lock").unlink()
    with pytest.raises(SpecError, match=r"E602.*`kspec.lock` is missing"):
        open_run(folder)


@fault(
    "F13",
    "metrics.jsonl is cut off, or a line is changed",
    "E602: a run that goes on needs them all",
)
def test_metrics_that_are_damaged_are_refused(folder):
    path = folder / "metrics.jsonl"
    text = path.read_text(encoding="utf-8")
    for damaged in (text[:-30], text.replace('"epoch": 2', '"epoch": 7'), ""):
        path.write_text(damaged, encoding="utf-8")
        with pytest.raises(SpecError, match=r"E602.*metrics.jsonl"):
            resume_in(folder)
        open_run(folder)  # for `eval` and `predict` they do not matter
    path.write_text(text + '{"epoch": 5, "tr', encoding="utf-8")
    resume_in(folder)
    assert len(json.loads(f"[{','.join(path.read_text().splitlines())}]")) == 4


@fault(
    "F19",
    "the run folder is copied, moved and symlinked",
    "it goes on there, bit-same; nothing is deleted",
)
def test_a_copied_folder_goes_on(folder, whole):
    shutil.rmtree(checkpoints(folder)[-1])
    copy = shutil.copytree(folder, folder.with_name("copy"))
    link = folder.with_name("link")
    link.symlink_to(copy)
    resume_in(link)
    assert result(copy) == whole
    assert len(checkpoints(folder)) == 1


@fault("F46", "the checkpoint that is read is forgotten meanwhile", "a newer one is read")
def test_a_checkpoint_that_goes_while_it_is_read(folder, monkeypatch, capsys):
    from kspec.runtime import checkpoint

    newest = checkpoints(folder)[-1]
    newer = newest.with_name(newest.name + ".1")
    true = checkpoint.check_files

    def gone(path: Path, about) -> None:
        if path == newest:
            path.rename(newer)
        true(path, about)

    monkeypatch.setattr(checkpoint, "check_files", gone)
    assert open_run(folder).checkpoint == newer.name
    assert "W401" not in capsys.readouterr().err
