"""`kspec bisect`: no pass changes what is computed, and one that does is named."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import kspec
from kspec.cli import main
from kspec.ir import Module
from kspec.passes import NEEDED, optimize
from kspec.passes.eliminate_dead_ops import eliminate_dead_ops
from kspec.passes.fold_constants import fold_constants
from kspec.runtime.bisect import Bisection, bisect
from kspec.runtime.trial import make_trial
from tests.oracle.directed import directed
from tests.oracle.edits import attr
from tests.oracle.planted import PLANTED, Planted

MODEL = "model Line {\n  input x : f32[T, 3]\n  output y = x -> dense(2) -> square -> square\n}\n"
FEW = [each for each in PLANTED if each.name in ("forgotten bias", "frozen weights learn")]


def blamed(planted: Planted) -> Bisection:
    """What bisect says where a wrong pass stands between two right ones."""

    def culprit(module: Module) -> Module:
        return planted.wrong(module)

    passes = (eliminate_dead_ops, culprit, fold_constants)
    return bisect(planted.case.module, "net.kspec", passes=passes)


@pytest.mark.parametrize("planted", FEW, ids=lambda each: each.name)
def test_a_wrong_pass_is_named(planted):
    found = blamed(planted)
    assert found.guilty is not None and found.guilty.name == "culprit"
    assert [step.name for step in found.steps] == ["eliminate_dead_ops", "culprit"]
    assert "culprit changes what net.kspec computes" in found.as_text()
    assert found.as_record()["guilty"] == "culprit"


@pytest.mark.long
@pytest.mark.parametrize("planted", PLANTED[::4], ids=lambda planted: planted.name)
def test_more_wrong_passes_are_named(planted):
    guilty = blamed(planted).guilty
    assert guilty is not None and guilty.name == "culprit"


def test_the_command_says_that_no_pass_is_wrong(tmp_path):
    path = tmp_path / "net.kspec"
    path.write_text(directed("fuse_softmax_crossentropy", 1).case().text, encoding="utf-8")
    done = CliRunner().invoke(main, ["bisect", str(path), "--updates", "2"])
    assert done.exit_code == 0, done.output
    assert "no pass changes what net.kspec computes" in done.output
    assert "eliminate_dead_ops" in done.output


def test_updates_of_several_batches(tmp_path):
    text = directed("fuse_softmax_crossentropy", 1).case().text
    path = tmp_path / "net.kspec"
    path.write_text(text.replace("train {\n", "train {\n  accumulate = 5\n"), encoding="utf-8")
    done = CliRunner().invoke(main, ["bisect", str(path), "--updates", "1"])
    assert done.exit_code == 0, done.output


def test_a_model_alone_and_json(tmp_path):
    path = tmp_path / "line.kspec"
    path.write_text(MODEL, encoding="utf-8")
    done = CliRunner().invoke(main, ["bisect", str(path), "--json"])
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    assert record["guilty"] is None
    assert record["passes"][0]["name"] == "fold_constants"


def test_numbers_fit_what_they_are_looked_up_in():
    module = optimize(directed("masks", 0).case().module, NEEDED)
    trial = make_trial(module, 40)
    tokens = [batch["x"] for batch in trial.batches]
    assert len(tokens) == 40
    assert max(each.max() for each in tokens) == 3 and min(each.min() for each in tokens) == 0


def test_a_pass_that_changes_nothing_is_not_run():
    program = kspec.compile_text(MODEL)
    wrong = attr("matmul")  # nothing changes
    found = bisect(program.compiled.program.module, "line.kspec", passes=(wrong,))
    assert found.guilty is None and not found.steps[0].changes
