"""Run folders that are missing, damaged, or from before the first checkpoint."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

import kspec
from kspec.diagnostics import SpecError

SPEC = """\
data points {
  source = arrays()
  x : f32[3]
  y : f32
}

model Net {
  input x : f32[3]
  output z = x -> dense(1)
}

train {
  model     = Net
  data      = points
  loss      = mean_squared_error(y, z)
  optimizer = sgd(0.01)
}
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A folder with a trained run."""
    x = np.random.default_rng(0).normal(size=(64, 3)).astype(np.float32)
    data = {"train": {"x": x, "y": x.sum(1)}}
    run = kspec.compile_text(SPEC).fit(data=data, epochs=2, quiet=True)
    return run.save(tmp_path_factory.mktemp("runs") / "saved")


@pytest.fixture
def folder(saved, tmp_path):
    """A copy that a test may damage."""
    return shutil.copytree(saved, tmp_path / "run")


def mistake(folder) -> str:
    """The report for a folder that cannot be loaded."""
    with pytest.raises(SpecError) as caught:
        kspec.load(folder)
    return caught.value.render()


def test_what_is_no_run_folder_is_said_to_be_none(tmp_path):
    assert mistake(tmp_path / "nothing").startswith("error[E601]")
    assert mistake(tmp_path).startswith("error[E601]")


@pytest.mark.parametrize("name", ["model.py", "plan.json"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    report = mistake(folder)
    assert report.startswith("error[E602]")
    assert f"`{name}` is missing" in report


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 99}', "null", "\x00"])
def test_a_damaged_plan_is_said_to_be_damaged(folder, text):
    (folder / "plan.json").write_text(text, encoding="utf-8")
    assert mistake(folder).startswith("error[E602]")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", '{"data_folder": 3, "seed": "a"}'])
def test_a_damaged_run_file_is_said_to_be_damaged(folder, text):
    (folder / "run.json").write_text(text, encoding="utf-8")
    assert mistake(folder).startswith("error[E602]")


def test_a_run_without_a_checkpoint_says_how_to_start_again(folder):
    shutil.rmtree(folder / "checkpoints")
    report = mistake(folder)
    assert report.startswith("error[E607]")
    assert "kspec run" in report


def checkpoints(folder):
    """The folders of the checkpoints, the oldest first."""
    steps = [path for path in (folder / "checkpoints").iterdir() if path.name.isdigit()]
    return sorted(steps, key=lambda path: int(path.name))


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(saved, folder):
    run = kspec.load(folder)
    before = {path: np.array(value) for path, value in run.weights.items()}
    x = np.ones((32, 3), np.float32)
    run.fit(data={"train": {"x": x, "y": x.sum(1)}}, epochs=1, quiet=True)
    run.save(folder)
    newest = checkpoints(folder)[-1]
    assert len(checkpoints(folder)) == 2
    for file in newest.rglob("*"):
        if file.is_file() and "_CHECKPOINT" not in file.name:
            file.write_bytes(b"damaged")
    again = kspec.load(folder)
    for path, value in before.items():
        np.testing.assert_array_equal(again.weights[path], value)
    assert again.position.epoch == 2
    assert len(again.history) == 2


def test_a_half_written_line_of_metrics_is_left_out(folder):
    with (folder / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"epoch": 3, "tra')
    assert [record["epoch"] for record in kspec.load(folder).history] == [1, 2]


def test_weights_are_in_safetensors(folder):
    from safetensors.numpy import load_file

    weights = load_file(folder / "weights.safetensors")
    run = kspec.load(folder)
    assert set(weights) == set(run.weights) == {"dense.kernel", "dense.bias"}
    for path, value in weights.items():
        np.testing.assert_array_equal(value, run.weights[path])


def test_a_saved_run_says_where_it_ran(folder):
    about = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert about["status"] == "saved"
    assert about["epoch"] == 2
