"""`kspec predict`: inputs from files, predictions to files, and E606 where they do not fit."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

import kspec
from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import InputFileMismatch
from kspec.runtime.predict import read_inputs, write_outputs

TWO = """\
data things {
  source = arrays()
  size : f32[2]
  n : i32
  kind : class
}

model Net {
  input size : f32[2]
  input n : i32
  output score = concatenate(size, n -> rescaling(1) -> reshape((1,))) -> dense(3, softmax)
}

train {
  model     = Net
  data      = things
  loss      = sparse_categorical_crossentropy(kind, score)
  optimizer = sgd(0.1)
}
"""
ONE = "model Net {\n  input x : f32[2]\n  output y = x -> dense(1)\n}\n"
SIZE, N = np.array([[1, 2], [3, 4], [5, 6]], np.float32), np.array([1, 2, 3], np.int32)
KINDS = np.array(["lily", "rose", "tulip"])


@pytest.fixture(scope="module")
def run():
    """A run whose label has words for its classes."""
    data = {"train": {"size": SIZE, "n": N, "kind": KINDS}}
    return kspec.compile_text(TWO).fit(data=data, quiet=True)


def test_inputs_come_from_npz_csv_or_npy(run, tmp_path):
    plan = run.bundle.plan
    np.savez(tmp_path / "a.npz", size=SIZE, n=N, more=N)
    arrays = read_inputs(tmp_path / "a.npz", plan).arrays
    assert set(arrays) == {"size", "n"}
    one = kspec.compile_text(ONE).init()
    np.save(tmp_path / "a.npy", SIZE)
    np.testing.assert_array_equal(
        read_inputs(tmp_path / "a.npy", one.bundle.plan).arrays["x"], SIZE
    )
    scalar = kspec.compile_text(
        ONE.replace("f32[2]", "f32").replace("x -> d", "x -> reshape((1,)) -> d")
    )
    (tmp_path / "a.csv").write_text("x\n1.5\n2.5\n")
    given = read_inputs(tmp_path / "a.csv", scalar.bundle().plan).arrays
    assert scalar.init().predict(given)["y"].shape == (2, 1)


@pytest.mark.parametrize(
    ("name", "write", "code"),
    [
        ("none.npz", None, "E501"),
        ("a.txt", lambda f: f.write_text("x"), "E502"),
        ("a.npz", lambda f: f.write_text("x"), "E502"),
        ("a.npy", lambda f: np.save(f, SIZE), InputFileMismatch.code),
        ("a.npz", lambda f: np.savez(f, size=SIZE), InputFileMismatch.code),
    ],
)
def test_files_that_do_not_fit_are_refused(run, tmp_path, name, write, code):
    if write:
        write(tmp_path / name)
    with pytest.raises(SpecError, match=code):
        read_inputs(tmp_path / name, run.bundle.plan)


def test_damaged_and_pickled_arrays_are_refused(tmp_path):
    plan = kspec.compile_text(ONE).bundle().plan
    file = tmp_path / "a.npy"
    np.save(file, np.array([{"a": 1}], dtype=object))
    for content in (file.read_bytes(), b"", b"\x93NUMPY", b"x" * 100):
        file.write_bytes(content)
        with pytest.raises(SpecError, match="E502"):
            read_inputs(file, plan)


def test_predictions_are_lines_of_json_with_the_words_of_classes(run):
    outputs = run.predict({"size": SIZE, "n": N})
    stream = io.StringIO()
    write_outputs(outputs, run, None, stream)
    rows = [json.loads(line) for line in stream.getvalue().splitlines()]
    for row, score in zip(rows, outputs["score"], strict=True):
        np.testing.assert_allclose(row["score"], score, rtol=1e-6)
        assert row["score_class"] == KINDS[score.argmax()]


def test_predictions_go_to_npz_jsonl_and_csv(run, tmp_path):
    outputs = run.predict({"size": SIZE, "n": N})
    stream = io.StringIO()
    for name in ("a.npz", "a.jsonl", "a.csv"):
        write_outputs(outputs, run, tmp_path / name, stream)
    assert stream.getvalue() == ""
    np.testing.assert_array_equal(np.load(tmp_path / "a.npz")["score"], outputs["score"])
    lines = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 3
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert list(table[0]) == ["score_0", "score_1", "score_2", "score_class"]
    assert float(table[2]["score_1"]) == pytest.approx(float(outputs["score"][2, 1]), rel=1e-6)


def test_a_target_that_cannot_be_written_leaves_no_trace(run, tmp_path):
    outputs = run.predict({"size": SIZE, "n": N})
    (tmp_path / "file").touch()
    for name in ("a.txt", "file/a.npz"):
        with pytest.raises(SpecError, match="E610"):
            write_outputs(outputs, run, tmp_path / name, io.StringIO())
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
