"""The command line, as a process: what it prints, where, and how it ends."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import SPECS, TESTS


def kspec(*args: object, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run a command; it must end with the exit code and never with a traceback."""
    command = [sys.executable, "-m", "kspec", *map(str, args)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == code, f"{done.returncode}\n{done.stdout}{done.stderr}"
    return done


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the digits spec in it, made smaller."""
    folder = tmp_path_factory.mktemp("cli")
    text = (SPECS / "digits.kspec").read_text(encoding="utf-8")
    text = text.replace("width = 512", "width = 16").replace("epochs    = 20", "epochs    = 2")
    (folder / "digits.kspec").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def ran(place):
    """What `kspec run --json` said, with no arguments."""
    return json.loads(kspec("run", "--json", cwd=place).stdout)


def test_help_lists_every_command(tmp_path):
    shown = kspec("--help", cwd=tmp_path).stdout
    for command in (
        "check",
        "compile",
        "ir",
        "run",
        "resume",
        "eval",
        "predict",
        "runs",
        "compare",
    ):
        assert re.search(rf"^  {command} ", shown, re.MULTILINE), command
        assert kspec(command, "--help", cwd=tmp_path).stdout.startswith("Usage: ")


def test_check_counts_weights_and_says_so_on_stderr(place):
    done = kspec("check", cwd=place)
    assert done.stdout == ""
    assert done.stderr == "digits.kspec is fine: 1,210 weights\n"


def test_json_is_one_object_with_all_that_a_script_needs(ran, place):
    assert ran["status"] == "finished"
    assert (ran["epochs"], ran["steps"]) == (2, 2 * 45)
    assert set(ran["metrics"]) == {"train", "validation", "test"}
    for metrics in ran["metrics"].values():
        assert set(metrics) == {"loss", "sparse_categorical_accuracy"}
    assert 0 < ran["timing"]["first_update_s"] < ran["timing"]["total_s"]
    assert ran["timing"]["training_s"] < ran["timing"]["total_s"]
    assert (place / ran["run"]).is_dir()


def test_a_run_folder_has_all_its_files(ran, place):
    folder = place / ran["run"]
    names = {path.name for path in folder.iterdir()}
    assert names == {
        *("spec.kspec", "resolved.kspec", "model.py", "plan.json", "model.ir", "model.opt.ir"),
        *(
            "model.svg",
            "passes.json",
            "metrics.jsonl",
            "run.json",
            "checkpoints",
            "weights.safetensors",
        ),
        *("report.html", "kspec.lock", ".lock"),
    }
    lines = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2]
    about = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert about["status"] == "finished"
    assert set(about["environment"]) >= {"kspec", "jax", "python", "device"}
    assert about["rows"] == {"train": 1437, "validation": 180, "test": 180}
    resolved = (folder / "resolved.kspec").read_text(encoding="utf-8")
    assert "rmsprop(learning_rate=0.001, rho=0.9" in resolved


def test_run_prints_a_line_an_epoch_and_the_folder(place):
    done = kspec("run", "digits.kspec", cwd=place)
    assert re.search(r"^epoch 1/2  loss \d", done.stderr, re.MULTILINE)
    assert re.search(r"^test +loss \d", done.stdout, re.MULTILINE)
    folder = re.fullmatch(r"run folder: (runs/digits/\S+)", done.stdout.splitlines()[-1])
    assert folder and (place / folder[1]).is_dir()


def test_quiet_says_nothing_on_stderr(place):
    assert kspec("run", "--quiet", cwd=place).stderr == ""


def test_the_same_spec_and_seed_give_the_same_metrics(ran, place):
    again = json.loads(kspec("run", "--json", cwd=place).stdout)
    assert again["metrics"] == ran["metrics"]


def test_set_and_an_order_without_shuffling(place):
    arguments = ["run", "--json", "--set", "train.shuffle=false", "--set", "train.epochs=1"]
    summary = json.loads(kspec(*arguments, cwd=place).stdout)
    assert summary["epochs"] == 1
    resolved = (place / summary["run"] / "resolved.kspec").read_text(encoding="utf-8")
    assert "shuffle = false" in resolved


def test_eval_gives_the_metrics_of_the_run_again(ran, place):
    metrics = json.loads(kspec("eval", ran["run"], "--json", cwd=place).stdout)["metrics"]
    assert set(metrics) == {"train", "validation", "test"}
    for split in ("validation", "test"):
        for name, value in ran["metrics"][split].items():
            assert metrics[split][name] == pytest.approx(value, rel=1e-6)
    assert re.search(r"^test +loss", kspec("eval", ran["run"], cwd=place).stdout, re.MULTILINE)


def test_compile_writes_a_program_that_run_takes(place):
    done = kspec("compile", cwd=place)
    assert done.stderr == "compiled digits.kspec to build/digits/model.py\n"
    assert "def train_steps(" in (place / "build/digits/model.py").read_text(encoding="utf-8")
    kspec("compile", "digits.kspec", "-o", "out", cwd=place)
    summary = json.loads(kspec("run", "out", "--json", cwd=place).stdout)
    assert summary["epochs"] == 2


def test_run_compiles_again_when_the_spec_has_changed(place, tmp_path):
    shutil.copy(place / "digits.kspec", tmp_path)
    kspec("compile", cwd=tmp_path)
    spec = tmp_path / "digits.kspec"
    spec.write_text(spec.read_text(encoding="utf-8").replace("= 2\n", "= 1\n"), encoding="utf-8")
    assert json.loads(kspec("run", "--json", cwd=tmp_path).stdout)["epochs"] == 1
    assert '"epochs": 1' in (tmp_path / "build/digits/plan.json").read_text(encoding="utf-8")


def test_ir_prints_the_end_one_stage_or_all(place):
    last = kspec("ir", cwd=place).stdout
    assert "from_logits=true" in last
    first = kspec("ir", "--after", "elaborate", cwd=place).stdout
    assert "from_logits=false" in first
    every = kspec("ir", "--all", cwd=place).stdout
    assert every.startswith("# after elaborate\n")
    assert every.count("# after ") > 4
    assert "E605" in kspec("ir", "--after", "nothing", cwd=place, code=1).stderr


def test_specs_are_looked_for_in_the_folder(tmp_path):
    assert "E603" in kspec("run", cwd=tmp_path, code=1).stderr
    for name in ("a.kspec", "b.kspec"):
        (tmp_path / name).write_text("model M {\n  input x : f32[3]\n  output y = x -> relu\n}\n")
    done = kspec("check", cwd=tmp_path, code=1)
    assert "a.kspec, b.kspec" in done.stderr
    assert "E604" in kspec("run", "a.kspec", cwd=tmp_path, code=1).stderr
    assert "E501" in kspec("check", "c.kspec", cwd=tmp_path, code=1).stderr


def test_wrong_use_of_a_command_has_its_own_exit_code(tmp_path):
    assert "No such command 'fly'.\n" in kspec("fly", cwd=tmp_path, code=2).stderr
    for wrong, right in {"chek": "check", "train": "run"}.items():
        assert f"Did you mean '{right}'?" in kspec(wrong, cwd=tmp_path, code=2).stderr
    assert "--set" in kspec("run", "--set", "width", cwd=tmp_path, code=2).stderr


MISTAKES = {
    "a misspelt layer": "E101_misspelt_layer",
    "a misspelt argument": "E201_misspelt_argument",
    "a wrong type": "E205_wrong_type",
    "a shape that does not fit": "E301_wrong_rank",
    "a missing loss": "E104_missing_loss",
    "an unknown data field": "E101_unknown_data_field",
    "a duplicate name": "E102_duplicate_model_name",
    "a bad file": "E502_not_an_archive",
    "a label out of range": "E506_label_out_of_range",
    "a syntax error": "E001_missing_comma",
}


@pytest.mark.parametrize("name", MISTAKES.values(), ids=list(MISTAKES))
def test_mistakes_are_reported_with_place_and_reason_and_exit_code_one(name):
    done = kspec("run", f"{name}.kspec", cwd=TESTS / "errors", code=1)
    expected = (TESTS / "errors" / f"{name}.err").read_text(encoding="utf-8")
    count = expected.count("error[")
    assert done.stdout == ""
    assert done.stderr == expected + f"\n{count} error{'s' if count > 1 else ''}\n"


def test_colour_needs_a_terminal_and_obeys_no_color(place):
    assert "\x1b" not in kspec("check", "missing.kspec", cwd=place, code=1).stderr


def test_predict_reads_arrays_and_writes_lines(ran, place):
    images = np.zeros((3, 8, 8), np.uint8)
    np.savez(place / "three.npz", image=images)
    done = kspec("predict", ran["run"], "--input", "three.npz", cwd=place)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 3
    assert len(rows[0]["digit"]) == 10
    assert rows[0]["digit_class"] == int(np.argmax(rows[0]["digit"]))
    done = kspec("predict", ran["run"], "--input", "three.npz", "--output", "out.npz", cwd=place)
    assert done.stderr == "3 predictions in out.npz\n"
    np.testing.assert_allclose(np.load(place / "out.npz")["digit"][0], rows[0]["digit"], rtol=1e-6)
