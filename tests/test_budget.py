"""A budget ends a command, not the run: what goes on later ends as what was never stopped."""

from __future__ import annotations

import json

import pytest

import kspec
from kspec.callbacks.base import Interval
from kspec.callbacks.budget import Budget
from kspec.runtime.folder import open_run, write_bundle
from tests.conftest import SPECS
from tests.cuts import in_folder
from tests.test_cli import kspec as command
from tests.test_phases import DATA, same, spec, weights

PHASES = "  phase one { epochs = 2, freeze base }\n  phase two { epochs = 2, unfreeze base }\n"


def test_a_budget_of_steps_is_exact_after_it_was_resumed(tmp_path):
    whole = kspec.compile_text(spec(PHASES)).fit(DATA, quiet=True)
    program = kspec.compile_text(spec(f"{PHASES}  budget {{ steps = 6steps }}"), folder=tmp_path)
    folder = tmp_path / "run"
    write_bundle(program.bundle(), folder)
    run = program.init()
    seen: list[tuple[str, int]] = []
    for _ in range(3):
        in_folder(run, folder, None, DATA)
        about = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        seen.append((about["status"], about["steps"]))
        run = open_run(folder)
    assert seen == [("budget", 8), ("budget", 16), ("finished", 16)]
    assert same(weights(whole), weights(run)) == set(whole.weights)


def test_fit_comes_back_when_the_budget_is_spent():
    run = kspec.compile_text(spec("  epochs = 5\n  budget { time = 1ms }")).fit(DATA, quiet=True)
    assert (run.ended, run.position.epoch) == ("budget", 1)
    run.fit(DATA, quiet=True)
    assert run.position.epoch == 2


def test_a_command_ends_well_and_says_how_to_go_on(tmp_path):
    text = (SPECS / "digits.kspec").read_text(encoding="utf-8")
    text = text.replace("epochs    = 20", "epochs = 3\n  budget { time = 10ms }")
    (tmp_path / "net.kspec").write_text(text, encoding="utf-8")
    done = command("run", "net.kspec", cwd=tmp_path)
    assert done.returncode == 0
    assert "the budget of 0.01 s is spent in epoch 1" in done.stderr
    assert "to go on: kspec resume runs/net/" in done.stderr


@pytest.mark.parametrize(
    "values",
    [{}, {"time": Interval(3, "steps")}, {"steps": Interval(3, "epochs")}],
)
def test_a_budget_has_its_unit(values):
    assert Budget(**values).check() is not None
    assert Budget(time=Interval(3, "s"), steps=Interval(3, "steps")).check() is None
