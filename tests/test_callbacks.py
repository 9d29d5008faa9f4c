"""Callbacks: early stopping decides as Keras does, and the best weights are kept."""

from __future__ import annotations

from types import SimpleNamespace

import keras
from hypothesis import given, settings
from hypothesis import strategies as st

from kspec.callbacks.base import Interval, Monitor
from kspec.callbacks.stop import Stop
from kspec.registry import names
from kspec.runtime.weights import read_weights
from tests.conftest import SPECS
from tests.test_cli import kspec as command


@given(
    st.lists(st.floats(-3, 3, width=16), min_size=1, max_size=12),
    st.integers(0, 3),
    st.sampled_from([0.0, 0.5]),
    st.sampled_from([None, 0.5]),
    st.integers(0, 3),
    st.sampled_from(["min", "max"]),
)
@settings(max_examples=300, deadline=None)
def test_stopping_decides_as_keras_does(values, patience, min_delta, baseline, start, mode):
    model = SimpleNamespace(get_weights=list, stop_training=False)
    theirs = keras.callbacks.EarlyStopping(
        "loss", min_delta, patience, 0, mode, baseline, True, start
    )
    theirs.set_model(model)
    theirs.on_train_begin()
    ours = Stop(
        monitor=Monitor("loss", mode),
        min_delta=min_delta,
        patience=patience,
        baseline=baseline,
        restore_best_weights=True,
        start_from_epoch=start,
    )
    for epoch, value in enumerate(values):
        theirs.on_epoch_end(epoch, {"loss": value})
        stops, best = ours.decide(values[: epoch + 1])
        assert stops == model.stop_training, epoch
        assert best == (theirs.best_epoch if theirs.best_weights is not None else None)
        if stops:
            break


def test_every_callback_is_here():
    """`stop` below, `checkpoint` below and in test_training; others in tests of their names."""
    assert set(names("callback")) == {
        "stop",
        "checkpoint",
        "reduce_lr",
        "terminate_on_nan",
        "csv_log",
        "budget",
        "swap_ema",
        "tensorboard",
    }


def test_what_is_no_number_is_no_improvement():
    """In Keras, one that comes first would be the best for ever."""
    stop = Stop(monitor=Monitor("loss", "min"), patience=2)
    assert stop.decide([float("nan"), 3.0, 2.0]) == (False, 2)
    assert stop.decide([3.0, float("nan"), float("nan")]) == (True, 0)


def test_best_and_latest_weights_of_a_command(tmp_path):
    text = (SPECS / "digits.kspec").read_text(encoding="utf-8")
    text = text.replace("epochs    = 20", "epochs = 3\n  checkpoint { best = max(loss) }")
    (tmp_path / "net.kspec").write_text(text, encoding="utf-8")
    command("run", "net.kspec", "-q", cwd=tmp_path)
    (folder,) = (tmp_path / "runs/net").iterdir()
    _, note = read_weights(folder / "best.safetensors", ())
    assert note == {"epoch": "1"}


def test_intervals_and_monitors_read_as_they_are_written():
    assert str(Interval(600.0, "s")) == "600s"
    assert str(Monitor("validation.loss", "min")) == "min(validation.loss)"
