"""What is odd about a run, said once when it starts: W301."""

from __future__ import annotations

import numpy as np
import pytest

import kspec
from kspec.runtime.hooks import Hooks
from kspec.runtime.oddities import oddities
from kspec.runtime.progress import PlainProgress

TEXT = """
data points {
  source = arrays()
  x : f32[2]
  y : f32[1]
}

model Line {
  input x : f32[2]
  share base = dense(2)
  output z = x -> base -> dense(1)
}

train {
  model     = Line
  data      = points
  loss      = mean_squared_error(y, z)
  optimizer = OPTIMIZER
  batch     = 8
  epochs    = 3
}
"""
ROWS = 30  # four steps an epoch
DATA = {"train": {"x": np.ones((ROWS, 2), np.float32), "y": np.ones((ROWS, 1), np.float32)}}
WARNING = """warning[W301]: the schedule `cosine_decay` ends after 1,000 steps, and gets 12
  --> <text>:18:19
   |
18 |   optimizer = sgd(cosine_decay(0.1, 1_000steps))
   |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ its end is never reached
   |
   = note: the run gives it 3 epochs of 4 steps
   = help: give it 12 steps, or train for 250 epochs
"""


def said(text: str) -> list[str]:
    """The codes and titles of what is odd about a run of a spec."""
    bundle = kspec.compile_text(text).bundle()
    found = oddities(bundle.plan, bundle.places, -(-ROWS // bundle.plan.batch))
    return [f"{odd.code}: {odd.title_text()}" for odd in found]


def with_optimizer(optimizer: str) -> str:
    """The spec with an optimizer."""
    return TEXT.replace("OPTIMIZER", optimizer)


def test_a_schedule_that_is_longer_than_the_run_is_said_once(capsys):
    run = kspec.compile_text(with_optimizer("sgd(cosine_decay(0.1, 1_000steps))")).init()
    run.fit(DATA)
    assert capsys.readouterr().err.partition("epoch 1/3")[0].replace("spec.kspec", "<text>") == (
        WARNING
    )
    run.fit(DATA)
    assert "W301" not in capsys.readouterr().err


def test_a_quiet_run_and_one_of_some_epochs_say_nothing(capsys):
    program = kspec.compile_text(with_optimizer("sgd(cosine_decay(0.1, 1_000))"))
    program.fit(DATA, quiet=True)
    program.fit(DATA, epochs=1)
    assert "W301" not in capsys.readouterr().err


def test_a_run_that_goes_on_says_nothing_again(capsys):
    run = kspec.compile_text(with_optimizer("sgd(cosine_decay(0.1, 1_000))")).init()
    run.fit(DATA, epochs=1, quiet=True)
    import sys

    run.train(run.dataset(DATA), PlainProgress(sys.stderr), Hooks())
    assert "W301" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("schedule", "is_long"),
    [
        ("cosine_decay(0.1, 12)", False),
        ("cosine_decay(0.1, 13)", True),
        ("cosine_decay(0.0, 8, warmup_target=0.1, warmup_steps=4)", False),
        ("cosine_decay(0.0, 8, warmup_target=0.1, warmup_steps=5)", True),
        ("cosine_decay_restarts(0.1, 4)", False),
        ("cosine_decay_restarts(0.1, 13)", True),
        ("polynomial_decay(0.1, 12)", False),
        ("polynomial_decay(0.1, 13, cycle=true)", True),
        ("piecewise_constant_decay((4, 8), (0.3, 0.2, 0.1))", False),
        ("piecewise_constant_decay((4, 80), (0.3, 0.2, 0.1))", True),
        ("exponential_decay(0.1, 1_000, 0.5)", False),
        ("exponential_decay(0.1, 1_000, 0.5, staircase=true)", True),
        ("inverse_time_decay(0.1, 1_000, 0.5)", False),
        ("inverse_time_decay(0.1, 1_000, 0.5, staircase=true)", True),
    ],
)
def test_each_schedule_has_its_end(schedule: str, is_long: bool):
    assert bool(said(with_optimizer(f"adam({schedule})"))) is is_long


def test_phases_that_go_on_with_an_optimizer_count_together():
    phases = "  phase a { epochs = 2, freeze base }\n  phase b { epochs = 2, unfreeze base }\n"
    text = with_optimizer("sgd(cosine_decay(0.1, 16))").replace("  epochs    = 3\n", phases)
    assert not said(text)
    assert said(text.replace("16", "17"))
    anew = text.replace("unfreeze base", "unfreeze base, optimizer = sgd(cosine_decay(0.1, 9))")
    first, second = said(anew)
    assert first.endswith("ends after 16 steps, and gets 8")
    assert second.endswith("ends after 9 steps, and gets 8")


def test_the_optimizers_of_parts_have_schedules_too():
    text = with_optimizer("sgd(0.1)\n  optimizer base = sgd(polynomial_decay(0.1, 500))")
    assert said(text) == ["W301: the schedule `polynomial_decay` ends after 500 steps, and gets 12"]


def test_a_comment_silences_it():
    allowed = "sgd(cosine_decay(0.1, 1_000))  # kspec: allow W301"
    assert said(with_optimizer("sgd(cosine_decay(0.1, 1_000))"))
    assert not said(with_optimizer(allowed))
