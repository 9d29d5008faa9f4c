"""Callbacks of Python: functions and objects that see each epoch or dispatch, and may stop it."""

from __future__ import annotations

import numpy as np
import pytest

import kspec
from tests.test_phases import DATA, fit, same, spec, weights


class Both:
    """Notes what it sees, and stops at the third dispatch."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def on_epoch_end(self, record, run) -> None:
        assert record is run.history[-1]
        self.seen.append(record["epoch"])

    def on_dispatch_end(self, run) -> bool:
        return int(run.state["step"]) >= 12


def test_callbacks_see_epochs_and_end_training():
    seen: list[float] = []
    both = Both()

    def note(record, run):
        seen.append(record["train"]["loss"])

    run = kspec.compile_text(spec("  epochs = 5")).fit(DATA, quiet=True, callbacks=[note, both])
    assert seen == [record["train"]["loss"] for record in run.history]
    assert both.seen == [1, 2, 3]
    assert run.ended == "callback"
    same_length = fit("  epochs = 3")
    assert same(weights(run), weights(same_length)) == set(run.weights)


def test_a_function_that_gives_true_ends_training_with_the_averages():
    body = "  epochs = 9\n  optimizer **.bias = sgd(0.1, use_ema=true)"
    run = kspec.compile_text(spec(body)).fit(
        DATA, quiet=True, callbacks=[lambda record, run: record["epoch"] == 2]
    )
    other = fit(body.replace("9", "2"))
    assert same(weights(run), weights(other)) == set(run.weights)
    run.fit(DATA, quiet=True)
    assert run.ended == ""


def test_what_is_only_true_like_ends_nothing():
    run = kspec.compile_text(spec("  epochs = 3")).fit(
        DATA, quiet=True, callbacks=[lambda record, run: np.ones(3)]
    )
    assert run.position.epoch == 3


def test_what_is_no_callback_is_refused():
    with pytest.raises(TypeError, match="on_epoch_end"):
        kspec.compile_text(spec("")).fit(DATA, quiet=True, callbacks=["print"])
