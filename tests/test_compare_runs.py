"""`kspec compare`: what differs between runs, and which is the better one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import kspec as api
from kspec.runtime.versus import Compared, as_page, as_text, differences, names
from tests.conftest import SPECS
from tests.test_cli import kspec


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the digits spec, and two runs of it that differ in rate and epochs."""
    folder = tmp_path_factory.mktemp("compare")
    text = (SPECS / "digits.kspec").read_text(encoding="utf-8").replace("512", "16")
    (folder / "digits.kspec").write_text(text, encoding="utf-8")
    for epochs, optimizer in ((1, "rmsprop(1e-3)"), (2, "rmsprop(2e-3)")):
        sets = ("--set", f"train.epochs={epochs}", "--set", f"train.optimizer={optimizer}")
        kspec("run", "-q", *sets, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def runs(place):
    return sorted(path.relative_to(place).as_posix() for path in place.glob("runs/digits/*"))


def test_only_what_differs_is_shown_and_the_better_run_is_marked(place, runs):
    shown = kspec("compare", *runs, cwd=place).stdout
    assert shown.startswith(f"A  {runs[0]}\nB  {runs[1]}\n\nspec ")
    assert "  train.optimizer learning_rate  0.001  0.002\n" in shown
    assert "  train.epochs                   1      2\n" in shown
    for same in ("batch", "versions", "fingerprint", "momentum"):
        assert same not in shown
    (line,) = (each for each in shown.splitlines() if "validation loss" in each)
    assert line.endswith(" *")


def test_json_has_whole_numbers(place, runs):
    record = json.loads(kspec("compare", *runs, "--json", cwd=place).stdout)
    assert record["runs"] == runs
    found = {row["what"]: row for row in record["differences"]}
    loss = json.loads((place / runs[1] / "run.json").read_text())["metrics"]["test"]["loss"]
    assert found["test loss"]["values"][1] == loss
    assert found["test loss"]["better"] == [1]
    assert found["train.epochs"] == {
        "part": "spec", "what": "train.epochs", "values": ["1", "2"], "better": [],
    }  # fmt: skip


def test_the_page_has_the_curves_of_all_runs_in_each_chart(place, runs):
    kspec("compare", *runs, "--report", "page.html", cwd=place)
    page = (place / "page.html").read_text(encoding="utf-8")
    assert page.count("<figure>") == 4  # loss and accuracy of two splits
    assert page.count('class="name s0"') == page.count('class="name s1"') == 4
    assert "http" not in page


def test_a_run_with_itself_has_no_differences(place, runs):
    shown = kspec("compare", runs[0], runs[0], cwd=place).stdout
    assert "no difference in spec, versions and data" in shown
    assert "*" not in shown


def test_wrong_use_and_folders_that_are_no_runs(place, runs, tmp_path):
    assert "two runs" in kspec("compare", runs[0], cwd=place, code=2).stderr
    assert "error[E601]" in kspec("compare", runs[0], "nowhere", cwd=place, code=1).stderr


def test_a_spec_that_does_not_compile_any_more_is_left_out_and_said(place, runs):
    path = place / runs[0] / "resolved.kspec"
    text = path.read_text(encoding="utf-8")
    try:
        path.write_text(text.replace("rmsprop", "gone"), encoding="utf-8")
        shown = kspec("compare", *runs, cwd=place).stdout
    finally:
        path.write_text(text, encoding="utf-8")
    assert f"note: {runs[0]}: its spec is left out: " in shown
    assert "validation loss" in shown


def test_a_run_saved_from_python_has_no_data_to_compare(place, runs):
    program = api.compile(place / "digits.kspec", set={"train.epochs": 1})
    program.fit(quiet=True).save(place / "saved")
    done = kspec("compare", "saved", runs[0], cwd=place)
    assert "note: saved: its data is left out: it was saved from Python\n" in done.stdout
    assert "fingerprint" not in done.stdout
    kspec("compare", "saved", runs[0], "--report", "saved.html", cwd=place)
    assert "it was saved from Python" in (place / "saved.html").read_text(encoding="utf-8")


def test_functions_of_python_are_compared_by_the_copies(place, tmp_path):
    text = (
        (place / "digits.kspec")
        .read_text(encoding="utf-8")
        .replace("-> dense(10", "-> f -> dense(10")
    )
    text = 'extern "ops.py:f" : f32[..., D] -> f32[..., D]\n' + text
    for name, body in (("one", "x"), ("two", "2 * x")):
        (tmp_path / "ops.py").write_text(f"def f(x):\n    return {body}\n")
        program = api.compile_text(
            text, folder=tmp_path, allow_extern=True, set={"train.epochs": 1}
        )
        program.fit(quiet=True).save(tmp_path / name)
    shown = kspec("compare", "one", "two", cwd=tmp_path).stdout
    assert "  extern ops.py:f  f32[..., D] -> f32[..., D], sha256" in shown
    assert "its spec is left out" not in shown
    assert (
        "no difference in spec and versions" in kspec("compare", "one", "one", cwd=tmp_path).stdout
    )


def compared(name: str, loss: object, **facts: str) -> Compared:
    parts = {"spec": facts, "versions": {}, "data": {}}
    return Compared(name, parts, {"test": {"loss": loss, "odd": 1.0}}, {"loss": "min"}, ())  # pyright: ignore[reportArgumentType]


def test_better_needs_a_direction_and_a_number():
    rows = differences([compared("a", 0.5), compared("b", 0.25), compared("c", float("nan"))])
    assert [(row.what, row.better) for row in rows] == [("test loss", (1,)), ("test odd", ())]
    (loss, _) = differences([compared("a", 0.5), compared("b", 0.5)])
    assert loss.better == ()


def test_calls_of_other_functions_are_shown_whole():
    text = as_text([compared("a", 1.0, opt="sgd(0.1)"), compared("b", 1.0, opt="adam(0.1, x=2)")])
    assert "  opt  sgd(0.1)  adam(0.1, x=2)\n" in text
    text = as_text([compared("a", 1.0, opt="adam(0.1)"), compared("b", 1.0, opt="adam(0.1, x=2)")])
    assert "  opt x  -  2\n" in text


def test_what_comes_from_outside_is_escaped():
    page = as_page([compared("<a>", 1.0, x="<b>"), compared("c", 2.0, x="1")])
    assert "&lt;a&gt;" in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page


def test_there_are_names_for_many_runs():
    assert len(set(names(40))) == 40


def test_curves_of_more_runs_than_colors_take_the_first_ones_again(place, runs):
    several = [*runs, *runs, *runs, *runs]
    kspec("compare", *several, "--report", "many.html", cwd=place)
    page = Path(place / "many.html").read_text(encoding="utf-8")
    assert 'class="name s5"' in page
    assert 'class="name s6"' not in page
