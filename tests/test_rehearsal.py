"""`kspec run --smoke` and `--overfit N`: what they try, what they say, and what they leave."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import kspec as api
from kspec.diagnostics import SpecError
from kspec.runtime import compat
from kspec.runtime.checkpoint import Checkpoints
from kspec.runtime.rehearsal import Overfit, few_examples, one_epoch, overfit, smoke
from kspec.runtime.run import Run
from kspec.runtime.snapshot import Loaded
from tests.conftest import SPECS
from tests.test_cli import kspec

TEXT = (SPECS / "digits.kspec").read_text(encoding="utf-8").replace("512", "16")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "digits.kspec").write_text(TEXT, encoding="utf-8")
    return tmp_path


def test_smoke_tries_one_batch_of_everything_and_leaves_nothing(place, monkeypatch):
    temporary = place / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    done = kspec("run", "--smoke", cwd=place)
    said = [line.split("  ")[0] for line in done.stderr.splitlines()]
    steps = ["train step", "validation", "test", "prediction", "checkpoint"]
    assert said == ["data", *steps]
    assert "32 examples: loss 2." in done.stderr
    assert "digit float32[32, 10]" in done.stderr
    assert done.stdout.startswith("one batch of everything works (")
    assert {path.name for path in place.iterdir()} == {"digits.kspec", "tmp"}
    assert not list(temporary.iterdir())


def test_smoke_as_json_and_its_exit_code_for_a_mistake(place):
    record = json.loads(kspec("run", "--smoke", "--json", cwd=place).stdout)
    assert [step["what"] for step in record["steps"]][-1] == "checkpoint"
    assert record["seconds"] == pytest.approx(sum(s["seconds"] for s in record["steps"]))
    (place / "digits.kspec").write_text(TEXT.replace("class[10]", "class[5]"), encoding="utf-8")
    assert "error[" in kspec("run", "--smoke", cwd=place, code=1).stderr
    kspec("run", "--smoke", "--overfit", "3", cwd=place, code=2)


PHASES = """\
  phase head {
    freeze dense
    epochs = 3
  }
  phase rest {
    unfreeze dense
    epochs = 4
  }
}
"""


def test_smoke_tries_each_phase_with_all_rows_of_an_update(tmp_path):
    text = TEXT.replace("  epochs    = 20\n}\n", "  accumulate = 2\n" + PHASES)
    run = Run(one_epoch(api.compile_text(text).bundle()))
    said: list[str] = []
    steps = smoke(run, run.dataset(), tmp_path / "checkpoints", said.append)
    trained = [step.detail for step in steps if step.what == "train step"]
    assert [each.partition(":")[0] for each in trained] == ["phase head", "phase rest"]
    assert all("64 examples" in each for each in trained)
    assert int(run.state["step"]) == 2
    assert said == [step.as_line() for step in steps]


def test_smoke_finds_a_checkpoint_that_is_read_otherwise(tmp_path, monkeypatch):
    load = Checkpoints.load

    def other(self: Checkpoints, like: object) -> Loaded:
        found = load(self, like)  # pyright: ignore[reportArgumentType]
        assert found is not None
        found.state["params"]["dense"]["bias"] = found.state["params"]["dense"]["bias"] + 1
        return found

    monkeypatch.setattr(Checkpoints, "load", other)
    run = Run(one_epoch(api.compile_text(TEXT).bundle()))
    with pytest.raises(SpecError, match="not read as it was written"):
        smoke(run, run.dataset(), tmp_path, lambda text: None)


def test_same_bits_tells_arrays_and_keys_apart():
    state = {"key": compat.key(1), "x": compat.to_device({"a": 1.5})["a"]}
    assert compat.same_bits(state, dict(state))
    assert not compat.same_bits(state, state | {"key": compat.key(2)})
    assert not compat.same_bits(state, state | {"x": state["x"] + 1})


def test_a_model_that_can_learn_does_and_leaves_nothing(place):
    done = kspec("run", "--overfit", "8", "--set", "train.optimizer=adam(1e-2)", cwd=place)
    assert done.stdout.startswith("learned: the loss of 8 examples went from ")
    assert done.stderr.startswith("epoch    1  loss ")
    assert {path.name for path in place.iterdir()} == {"digits.kspec"}


def test_one_that_does_not_is_said_with_exit_code_one(place):
    slow = ("--set", "train.optimizer=sgd(1e-6)", "--set", "train.epochs=1")
    done = kspec("run", "--overfit", "8", *slow, cwd=place, code=1)
    assert done.stdout.startswith("not learned: after 10 epochs the loss of 8 examples is 2.")
    record = json.loads(kspec("run", "--overfit", "8", *slow, "--json", cwd=place, code=1).stdout)
    assert (record["learned"], record["epochs"], record["most"]) == (False, 10, 10)
    assert record["goal"] == pytest.approx(record["first"] / 100)


def test_overfit_measures_without_dropout_and_ends_at_the_goal():
    text = TEXT.replace("-> dense(10", "-> dropout(0.5) -> dense(10")
    text = text.replace("rmsprop(1e-3)", "adam(1e-2)").replace("width = 16", "width = 128")
    bundle = few_examples(api.compile_text(text).bundle())
    assert (bundle.plan.shuffle, bundle.plan.epochs) == (False, 200)
    run = Run(bundle)
    found = overfit(run, run.dataset(), 16, lambda text: None)
    assert found.learned
    assert found.epochs < 200
    losses = [record["validation"]["loss"] for record in run.history]
    assert losses[-1] == found.loss <= found.goal < min(losses[:-1])
    assert run.history[-1]["train"]["loss"] > found.loss


def test_a_loss_that_is_no_number_is_not_learned():
    assert not Overfit(1, 1.0, 0.01, float("nan"), 1, 1, 0.1).learned
