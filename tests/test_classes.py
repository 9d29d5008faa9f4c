"""The report on classes: its numbers against an independent computation."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import calibration, metrics

import kspec as api
from kspec.plan import Scored
from kspec.plan_text import plan_from_json, plan_to_json
from kspec.runtime import classes
from kspec.runtime.classes_page import as_html, as_text
from kspec.runtime.evaluation import evaluate_classes, evaluation
from tests.conftest import SPECS

RANDOM = np.random.default_rng(7)
TEXT = (SPECS / "digits.kspec").read_text(encoding="utf-8")
TEXT = TEXT.replace("512", "16").replace("epochs    = 20", "epochs    = 1")


def drawn(rows: int, count: int, *, ties: bool = False):
    """Truth and probabilities that have to do with it."""
    truth = RANDOM.integers(0, count, rows)
    scores = RANDOM.normal(size=(rows, count)) + 1.2 * np.eye(count)[truth]
    table = np.exp(scores)
    table /= table.sum(axis=1, keepdims=True)
    if ties:
        table = np.round(table * 8) / 8
    return truth, table


def pairwise_auc(truth, score) -> float:
    """The chance that a positive scores higher than a negative, pair by pair."""
    pairs = score[truth][:, None] - score[~truth][None, :]
    return float(((pairs > 0) + 0.5 * (pairs == 0)).mean())


def stepwise_precision(truth, score) -> float:
    """Average precision, threshold by threshold."""
    total, last = 0.0, 0.0
    for threshold in sorted(set(score.tolist()), reverse=True):
        taken = score >= threshold
        recall = truth[taken].sum() / truth.sum()
        total += (recall - last) * truth[taken].mean()
        last = recall
    return total


def binned_error(probability, came) -> float:
    """The expected calibration error, row by row."""
    bins: dict[int, list[tuple[float, float]]] = {}
    for p, c in zip(probability.tolist(), came.tolist(), strict=True):
        place = next(i for i in range(10) if p <= (i + 1) / 10 or i == 9)
        bins.setdefault(place, []).append((p, c))
    gaps = [abs(sum(p for p, _ in each) - sum(c for _, c in each)) for each in bins.values()]
    return sum(gaps) / len(probability)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("count", [2, 4])
def test_areas_and_calibration_are_those_of_their_definitions(count, ties):
    truth, table = drawn(300, count, ties=ties)
    found = evaluation("test", truth, table, [str(i) for i in range(count)])
    for number, row in enumerate(found.classes):
        if row.curves is None:
            assert (count, number) == (2, 0)
            continue
        of_class, score = truth == number, table[:, number]
        assert row.curves.auc == pytest.approx(pairwise_auc(of_class, score), abs=1e-12)
        expected = stepwise_precision(of_class, score)
        assert row.curves.average_precision == pytest.approx(expected, abs=1e-12)
        assert row.curves.ece == pytest.approx(binned_error(score, of_class), abs=1e-12)
    best = (table[:, 1], truth == 1) if count == 2 else (
        table.max(axis=1), truth == table.argmax(axis=1)
    )  # fmt: skip
    assert found.ece == pytest.approx(binned_error(*best), abs=1e-12)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("count", [2, 5])
def test_all_numbers_are_those_of_scikit_learn(count, ties):
    truth, table = drawn(400, count, ties=ties)
    found = evaluation("test", truth, table, [str(i) for i in range(count)])
    predicted = table.argmax(axis=1)
    assert np.array_equal(found.confusion, metrics.confusion_matrix(truth, predicted))
    assert found.accuracy == pytest.approx(metrics.accuracy_score(truth, predicted))
    by_class = metrics.precision_recall_fscore_support(truth, predicted)
    ours = [(r.precision, r.recall, r.f1, r.support) for r in found.classes]
    np.testing.assert_allclose(ours, np.stack(by_class, axis=1), atol=1e-12)
    for average, weighted in (("macro", False), ("weighted", True)):
        theirs = metrics.precision_recall_fscore_support(truth, predicted, average=average)[:3]
        names = ("precision", "recall", "f1")
        np.testing.assert_allclose([found.mean(n, weighted=weighted) for n in names], theirs)
    for number, row in enumerate(found.classes):
        if row.curves is None:
            continue
        of_class, score = truth == number, table[:, number]
        assert row.curves.auc == pytest.approx(metrics.roc_auc_score(of_class, score))
        average = metrics.average_precision_score(of_class, score)
        assert row.curves.average_precision == pytest.approx(average)
        came, probability = calibration.calibration_curve(of_class, score, n_bins=10)
        filled = [b for b in row.curves.bins if b.count]
        np.testing.assert_allclose([b.frequency for b in filled], came)
        np.testing.assert_allclose([b.probability for b in filled], probability)


def test_curves_have_their_ends_and_the_area_below_their_points():
    truth, table = drawn(150, 2)
    found = classes.curves(truth == 1, table[:, 1])
    assert (found.roc[0], found.roc[-1]) == ((0.0, 0.0), (1.0, 1.0))
    assert (found.pr[0], found.pr[-1][0]) == ((0.0, 1.0), 1.0)
    x, y = np.array(found.roc).T
    assert np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2) == pytest.approx(found.auc)
    many = classes.curves(RANDOM.random(5000) > 0.5, RANDOM.random(5000))
    assert len(many.roc) == len(many.pr) == classes.MOST_POINTS


def test_classes_without_examples_or_predictions_have_zeros_and_no_curves():
    table = np.array([[0.9, 0.1, 0.0], [0.8, 0.2, 0.0]])
    found = evaluation("test", np.array([0, 1]), table, ["a", "b", "c"])
    a, b, c = found.classes
    assert (a.precision, a.recall) == (0.5, 1.0)
    assert (b.precision, b.recall, b.f1) == (0.0, 0.0, 0.0)
    assert c.support == 0
    assert c.curves is not None
    assert c.curves.auc is None
    assert "c" in as_text(found)
    as_html(found)


def test_probabilities_come_from_every_kind_of_score():
    logits = RANDOM.normal(size=(5, 3)) * 30
    softmax = classes.probabilities(logits, binary=False, from_logits=True)
    np.testing.assert_allclose(softmax.sum(axis=1), 1)
    assert np.array_equal(softmax.argmax(axis=1), logits.argmax(axis=1))
    sigmoid = classes.probabilities(logits[:, :1], binary=True, from_logits=True)
    np.testing.assert_allclose(sigmoid[:, 1], 1 / (1 + np.exp(-logits[:, 0])), atol=1e-12)
    plain = classes.probabilities(
        np.array([[1.0, 3.0], [0.0, 0.0]]), binary=False, from_logits=False
    )
    assert plain.tolist() == [[0.25, 0.75], [0.0, 0.0]]


# --- which losses


LOSS = "sparse_categorical_crossentropy(label, digit)"
KINDS = {
    "as it is": (LOSS, Scored("label", "digit", "sparse_categorical_crossentropy")),
    "ignored": (
        "sparse_categorical_crossentropy(label, digit, ignore_class=3)",
        Scored("label", "digit", "sparse_categorical_crossentropy", ignored=3),
    ),
    "logits": (
        "sparse_categorical_crossentropy(label, digit, from_logits=true)",
        Scored("label", "digit", "sparse_categorical_crossentropy", from_logits=True),
    ),
    "one_hot": (
        "categorical_crossentropy(one_hot(label, 10), digit)",
        Scored("label", "digit", "categorical_crossentropy"),
    ),
    "two terms": (f"{LOSS} + {LOSS}", None),
    "no classes": ("mean_squared_error(one_hot(label, 10), digit)", None),
    "many labels": ("binary_crossentropy(one_hot(label, 10), digit)", None),
}


@pytest.mark.parametrize("name", KINDS)
def test_the_plan_knows_what_a_loss_on_classes_compares(name):
    loss, expected = KINDS[name]
    plan = api.compile_text(TEXT.replace(LOSS, loss)).bundle().plan
    assert plan.scored == expected
    assert plan_from_json(plan_to_json(plan)).scored == expected


BINARY = """\
data points {{
  source = arrays()
  x : f32[2]
  spam : {label}
}}
model Net {{
  input x : f32[2]
  output p = x -> dense(1{activation})
}}
train {{
  model = Net
  data = points
  loss = binary_crossentropy(spam, p{logits})
  optimizer = adam(0.05)
  epochs = 5
}}
"""


@pytest.mark.parametrize("logits", [False, True])
@pytest.mark.parametrize("label", ["f32", "class[2]"])
def test_two_classes_from_one_score(logits, label):
    options = {"activation": "", "logits": ", from_logits=true"}
    options = options if logits else {"activation": ", sigmoid", "logits": ""}
    program = api.compile_text(BINARY.format(label=label, **options))
    x = RANDOM.normal(size=(200, 2)).astype(np.float32)
    spam = (x[:, 0] + 0.5 * RANDOM.normal(size=200) > 0).astype("f4" if label == "f32" else "i4")
    data = {"x": x, "spam": spam}
    run = program.fit(data={"train": data, "validation": data}, quiet=True)
    dataset = run.dataset({"train": data, "validation": data})
    found = evaluate_classes(run, dataset)
    assert found is not None
    score = run.predict({"x": x})["p"].reshape(200)
    right = (score > (0 if logits else 0.5)) == (spam > 0)
    assert found.accuracy == pytest.approx(right.mean())
    assert found.classes[0].curves is None
    curves = found.classes[1].curves
    assert curves is not None
    assert curves.auc == pytest.approx(pairwise_auc(spam > 0, score))
    assert "class 1" in as_html(found)


def test_ignored_classes_and_too_large_tables(tmp_path):
    text = TEXT.replace(LOSS, "sparse_categorical_crossentropy(label, digit, ignore_class=3)")
    run = api.compile_text(text).fit(quiet=True)
    dataset = run.dataset()
    found = evaluate_classes(run, dataset)
    assert found is not None
    label = dataset.splits["validation"].arrays["label"]
    assert found.examples == (label != 3).sum()
    assert found.classes[3].support == 0
    assert evaluate_classes(run, dataset, most=1799) is None
    assert evaluate_classes(run, dataset, most=1800) is not None
