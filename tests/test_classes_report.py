"""The report on classes, as a page and in a terminal."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import kspec as api
from kspec.runtime.classes_page import MOST_CLASSES, as_html
from kspec.runtime.evaluation import evaluate_classes, evaluation
from kspec.runtime.report import render_report, report_of
from tests.test_classes import LOSS, TEXT, drawn
from tests.test_cli import kspec


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a run in it, and where that is."""
    folder = tmp_path_factory.mktemp("classes")
    (folder / "digits.kspec").write_text(TEXT, encoding="utf-8")
    return folder, json.loads(kspec("run", "--json", cwd=folder).stdout)


def test_a_run_ends_with_the_section_and_eval_gives_it_again(place):
    folder, ran = place
    page = Path(folder / ran["run"] / "report.html")
    first = page.read_text(encoding="utf-8")
    assert first.count(">Classes</h2>") == 1
    done = kspec("eval", ran["run"], "--report", cwd=folder)
    assert done.stderr == f"wrote {ran['run']}/report.html\n"
    assert page.read_text(encoding="utf-8") == first
    accuracy = ran["metrics"]["validation"]["sparse_categorical_accuracy"]
    assert f"validation: {accuracy:.2%} of 180 examples are right" in done.stdout
    assert "taken for" in done.stdout


def test_eval_as_json_has_all_numbers(place):
    folder, ran = place
    record = json.loads(kspec("eval", ran["run"], "--report", "--json", cwd=folder).stdout)
    found = record["classes"]
    assert found["split"] == "validation"
    assert sum(map(sum, found["confusion"])) == found["examples"] == 180
    assert set(found["macro"]) == set(found["weighted"]) == {"precision", "recall", "f1"}
    curves = found["classes"][0]["curves"]
    assert set(curves) == {"auc", "average_precision", "ece", "roc", "pr", "bins"}
    assert "classes" not in json.loads(kspec("eval", ran["run"], "--json", cwd=folder).stdout)


def test_a_loss_without_classes_is_said(tmp_path):
    text = TEXT.replace(LOSS, "mean_squared_error(one_hot(label, 10), digit)")
    run = api.compile_text(text).fit(quiet=True)
    run.save(tmp_path / "run")
    done = kspec("eval", "run", "--report", cwd=tmp_path)
    assert done.stderr.startswith("no classes to report on")
    assert "Classes</h2>" not in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


def test_the_section_is_well_formed_and_escaped():
    truth, table = drawn(60, 3)
    found = evaluation("test", truth, table, ["<i>", "b&b", 'c"'])
    body = ElementTree.fromstring(f"<div>{as_html(found)}</div>".replace("class=soft", 'class="s"'))
    assert len(body.findall(".//svg")) == 3
    assert len(body.findall(".//table[@class='confusion']/tr")) == 4
    texts = {each.text for each in body.iter() if each.text}
    assert {"<i>", "b&b", 'c"'} <= texts


def test_many_classes_have_their_most_confused_pairs():
    count = MOST_CLASSES + 1
    truth, table = drawn(2000, count)
    found = evaluation("test", truth, table, [f"class{i}" for i in range(count)])
    page = as_html(found)
    assert "What is confused most" in page
    assert 'class="confusion"' not in page
    (taken, for_, number) = found.confused()[0]
    wrong = np.array(found.confusion)
    np.fill_diagonal(wrong, 0)
    assert number == wrong.max() == wrong[taken, for_]
    assert page.count('<span class="key') == 2 * 6


def test_class_names_are_those_of_the_data(tmp_path):
    rows = "".join(f"{i % 2 - 0.5 + i / 100},{('ham', 'spam')[i % 2]}\n" for i in range(40))
    (tmp_path / "mail.csv").write_text("x,kind\n" + rows)
    text = """\
data mail {
  source = csv("mail.csv")
  split = { train: 50%, validation: 50% }
  x : f32
  kind : class[2]
}
model Net {
  input x : f32
  output p = reshape(x, (1,)) -> dense(2, softmax)
}
train {
  model = Net
  data = mail
  loss = sparse_categorical_crossentropy(kind, p)
  optimizer = adam(0.1)
  epochs = 2
}
"""
    run = api.compile_text(text, folder=tmp_path).fit(quiet=True)
    found = evaluate_classes(run, run.dataset())
    assert found is not None
    assert [each.name for each in found.classes] == ["ham", "spam"]
    about = {"status": "saved", "epoch": 2, "spec": "mail.kspec", "seed": 0}
    page = render_report(report_of(run, tmp_path, about, run.dataset(), found))
    assert "class spam" in page
