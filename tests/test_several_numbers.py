"""Metrics that give several numbers: one for each class, or for each threshold."""

from __future__ import annotations

import io
import json
import re

import numpy as np
import pytest

import kspec
from kspec.runtime import compat, loop
from kspec.runtime.checkpoint import Checkpoints
from kspec.runtime.loop import Position
from kspec.runtime.progress import PlainProgress, show_score
from kspec.runtime.report import render_report, report_of
from tests.test_cli import kspec as command

SPEC = """
data d {
  source = SOURCE
  x : f32[4]
  label : class[3]
}
model Net {
  input x : f32[4]
  output y = x -> dense(3, softmax)
}
train {
  model = Net
  data = d
  loss = sparse_categorical_crossentropy(label, y)
  metrics = {
    f1: f1_score(one_hot(label, 3), y)
    found: recall(one_hot(label, 3), y, thresholds=[0.6, 0.2])
    ranks: false_positives(one_hot(label, 3), y, thresholds=MANY)
    wrong: false_positives(one_hot(label, 3), y)
    average: f1_score(one_hot(label, 3), y, average="macro")
  }
  optimizer = adam(0.05)
  batch = 8
  epochs = 3
  checkpoint { best = max(average) }
}
""".replace("MANY", str([i / 20 for i in range(20)]))
RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 3, 43).astype(np.int32)
ARRAYS = {"x": RNG.normal(size=(43, 4)).astype(np.float32), "label": LABELS}


@pytest.fixture(scope="module")
def run():
    text = SPEC.replace("SOURCE", "arrays()")
    return kspec.compile_text(text).fit({"train": ARRAYS, "validation": ARRAYS}, quiet=True)


def test_they_are_lists_of_numbers_and_right(run):
    metrics = run.evaluate(ARRAYS)
    scores = run.predict({"x": ARRAYS["x"]})["y"]
    guess, truth = np.eye(3)[scores.argmax(1)], np.eye(3)[LABELS]
    both = 2 * (guess * truth).sum(0)
    assert metrics["f1"] == pytest.approx(both / (guess.sum(0) + truth.sum(0)), rel=1e-5)
    found = [((scores > limit) * truth).sum() / 43 for limit in (0.6, 0.2)]
    assert metrics["found"] == pytest.approx(found)
    assert metrics["wrong"] == ((scores > 0.5) * (1 - truth)).sum()
    assert metrics["ranks"] == [((scores > i / 20) * (1 - truth)).sum() for i in range(20)]
    assert metrics["average"] == pytest.approx(np.mean(metrics["f1"]), rel=1e-6)
    assert json.loads(json.dumps(run.history)) == run.history
    assert run.history[-1]["validation"] == metrics


def test_a_line_shows_them_in_parentheses_and_few_of_many(run):
    stream = io.StringIO()
    PlainProgress(stream).epoch(1, run.history[-1]["train"], 1.0)
    assert re.search(r"f1 \((\d\.\d{4}, ){2}\d\.\d{4}\)  found \(\d", stream.getvalue())
    assert "... 20 in all)" in stream.getvalue()
    assert show_score([0.5, 2.0]) == "(0.5000, 2.0000)"
    assert show_score(0.5) == "0.5000"


def test_the_report_has_a_chart_for_each_and_marks_the_better_side(run, tmp_path):
    history = run.history
    about = {
        **{"status": "finished", "epoch": 3, "spec": "a.kspec", "seed": 0},
        "metrics": {"train": history[-1]["train"]},
    }
    page = render_report(report_of(run, tmp_path, about, run.dataset({"train": ARRAYS})))
    for name in ("f1[0]", "f1[1]", "f1[2]", "found[0]", "found[1]", "wrong", "average", "loss"):
        assert page.count(f"<figcaption>{name}<") == 1, name
    assert "ranks: 20 numbers an epoch, in metrics.jsonl" in page
    chart = page.partition("<figcaption>wrong<")[2].partition("</figure>")[0]
    values = [record["validation"]["wrong"] for record in history]
    assert f"best: {min(values):.4g} in epoch {np.argmin(values) + 1}" in chart


def test_a_checkpoint_in_the_middle_of_an_epoch_holds_their_sums(run, tmp_path):
    batch = {name: array[:8] for name, array in ARRAYS.items()}
    sums = compat.to_host(run.executable.eval_step(run.state, batch, np.ones(8, np.float32)))
    position = Position(epoch=1, step=2, sums=loop.add({}, sums))
    with Checkpoints(tmp_path / "checkpoints") as checkpoints:
        checkpoints.save_now(run.state, position)
    with Checkpoints(tmp_path / "checkpoints") as checkpoints:
        found = checkpoints.load(run.state_like).position
    assert found.sums["f1"]["true_positives"].shape == (3,)
    assert found.sums["ranks"]["positives"].shape == (21,)
    twice = [
        loop.metrics_of(run.executable, loop.add(each.sums, sums)) for each in (found, position)
    ]
    assert twice[0] == twice[1]


def test_a_run_folder_and_eval_show_them(tmp_path):
    np.savez(tmp_path / "points.npz", **ARRAYS)
    spec = SPEC.replace("SOURCE", 'npz("points.npz")')
    spec = spec.replace("  x :", "  split = { train: 80%, validation: 20% }\n  x :")
    (tmp_path / "several.kspec").write_text(spec, encoding="utf-8")
    done = json.loads(command("run", "several.kspec", "--json", "--quiet", cwd=tmp_path).stdout)
    lines = (tmp_path / done["run"] / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert [len(json.loads(line)["train"]["f1"]) for line in lines] == [3, 3, 3]
    shown = json.loads(command("eval", done["run"], "--json", cwd=tmp_path).stdout)["metrics"]
    assert shown["validation"] == done["metrics"]["validation"]
    table = command("eval", done["run"], cwd=tmp_path).stdout
    assert re.search(r"^validation  loss \S+  f1 \(\S+, \S+, \S+\)  found \(", table, re.MULTILINE)
