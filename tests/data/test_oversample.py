"""`oversample = label`: classes come equally often, each epoch anew, and exactly on resume."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

import kspec
from kspec.data.batches import BatchPlan, oversampled
from tests.data.harness import refused, shown
from tests.faults.runs import checkpoints, result, resume_in, train_in

CLASSES = np.random.default_rng(0).permutation(np.repeat([0, 1, 7], [90, 10, 3]))


@pytest.mark.parametrize("epoch", range(5))
def test_classes_come_equally_often(epoch):
    rows = oversampled(CLASSES, 0)(epoch)
    assert len(rows) == len(CLASSES)
    counts = np.unique(CLASSES[rows], return_counts=True)[1]
    assert counts.max() - counts.min() <= 1
    for number in np.unique(CLASSES):  # in turn: no row comes twice more often than another
        times = np.bincount(rows, minlength=len(CLASSES))[number == CLASSES]
        assert times.max() - times.min() <= 1
    assert len(set(CLASSES[rows[:51]])) == 3, "they are mixed"


def test_an_epoch_is_a_function_of_seed_and_number():
    draw, again = oversampled(CLASSES, 3), oversampled(CLASSES, 3)
    assert (draw(1) == again(1)).all()
    assert (draw(1) != draw(2)).any() and (draw(1) != oversampled(CLASSES, 4)(1)).any()
    seen = set(np.concatenate([draw(epoch) for epoch in range(20)]).tolist())
    assert len(seen) == len(CLASSES), "other rows of a large class each time"


def test_each_row_a_class_of_its_own():
    assert sorted(oversampled(np.arange(5), 0)(0)) == list(range(5))


def test_batches_have_as_many_steps():
    plan = BatchPlan(len(CLASSES), 8, 0, True, oversampled(CLASSES, 0))
    assert plan.steps == BatchPlan(len(CLASSES), 8, 0, True).steps
    rows, mask = plan.indices(2, 0, plan.steps)
    assert (rows[mask > 0] == oversampled(CLASSES, 0)(2)).all()
    plain = BatchPlan(len(CLASSES), 8, 0, False, oversampled(CLASSES, 0)).order(2)
    assert (np.diff(plain) >= 0).all()


SPEC = """\
data points {
  source = csv("points.csv")
  split  = { train: 80%, validation: 20%, stratify: k }
  oversample = k
  a : f32
  k : class
}

model Net {
  input a : f32
  output z = a -> reshape((1,)) -> dense(3, softmax)
}

train {
  model     = Net
  data      = points
  loss      = sparse_categorical_crossentropy(k, z)
  optimizer = sgd(0.0)
  metrics   = [sparse_categorical_accuracy(k, z)]
  batch     = 8
  epochs    = 3
  checkpoint { every = 1steps, keep = 99 }
}
"""


def test_a_run_trains_on_equal_parts_and_resumes(tmp_path, monkeypatch):
    lines = [f"{n / 100},{'abc'[(n % 10 > 5) + (n % 10 > 8)]}" for n in range(100)]
    (tmp_path / "points.csv").write_text("\n".join(["a,k", *lines]) + "\n")
    (tmp_path / "net.kspec").write_text(SPEC.replace("sgd(0.0)", "sgd(0.1)"))
    monkeypatch.chdir(tmp_path)
    folder = train_in(tmp_path, tmp_path / "net.kspec")
    whole = result(folder)
    for checkpoint in checkpoints(folder)[-7:]:
        shutil.rmtree(checkpoint)
    resume_in(folder)
    assert result(folder) == whole
    (tmp_path / "net.kspec").write_text(SPEC)
    run = kspec.compile("net.kspec").init()
    for path in list(run.weights):  # the model says `a`, whatever it gets
        value = np.array([9, 0, 0]) if path.endswith("bias") else np.zeros((1, 3))
        run.weights[path] = value.astype(np.float32)
    run.fit(quiet=True, epochs=1)
    record = run.history[-1]
    assert abs(record["train"]["sparse_categorical_accuracy"] - 1 / 3) < 0.02
    assert record["validation"]["sparse_categorical_accuracy"] == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("oversample = a", "E205", "a field of classes"),
        ("oversample = 3", "E205", "the name of a label"),
        ("oversample = kk", "E101", "`k`"),
        ("oversample = k\n  buckets = [3, 9]\n  t : i32[..9]", "E418", "draws anew"),
    ],
)
def test_what_is_oversampled_is_a_label(line, code, words):
    mistake = refused(kspec.compile_text, SPEC.replace("oversample = k", line))
    assert mistake.code == code
    assert words in shown(mistake) + mistake.label_text()
