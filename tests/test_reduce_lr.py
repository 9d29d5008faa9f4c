"""Learning rates are lowered when Keras lowers them, and a stop in between changes nothing."""

from __future__ import annotations

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kspec
from kspec.callbacks.base import Monitor
from kspec.callbacks.reduce_lr import ReduceLR
from tests.cuts import in_parts
from tests.test_averages import SPEC as PLAIN
from tests.test_averages import assert_same_weights, model_like
from tests.test_phases import DATA, fit, same, spec, weights


class Rate:
    """An optimizer's rate, in float32 as Keras' variable has it."""

    def __init__(self) -> None:
        self.learning_rate = 0.1

    def __setattr__(self, name: str, value: float) -> None:
        object.__setattr__(self, name, np.float32(value))


@given(
    st.lists(st.floats(-3, 3, width=16), min_size=1, max_size=20),
    st.integers(0, 3),
    st.sampled_from([0.0, 1e-4, 0.5]),
    st.integers(0, 3),
    st.sampled_from([0.0, 0.02, 0.3]),
    st.sampled_from([0.1, 0.5]),
    st.sampled_from(["min", "max"]),
)
@settings(max_examples=300, deadline=None)
def test_rates_are_lowered_when_keras_lowers_them(
    values, patience, min_delta, cooldown, min_lr, factor, mode
):
    optimizer = Rate()
    theirs = keras.callbacks.ReduceLROnPlateau(
        "loss", factor, patience, 0, mode, min_delta, cooldown, min_lr
    )
    theirs.set_model(SimpleNamespace(optimizer=optimizer))
    theirs.on_train_begin()
    ours = ReduceLR(
        monitor=Monitor("loss", mode),
        factor=factor,
        patience=patience,
        min_delta=min_delta,
        cooldown=cooldown,
        min_lr=min_lr,
    )
    assert ours.earliest() > patience
    rates = [[float(np.float32(0.1))]]
    for epoch, value in enumerate(values):
        logs = {"loss": value}
        theirs.on_epoch_end(epoch, logs)
        assert logs["learning_rate"] == rates[-1][0]
        now = rates[-1]
        if ours.decide(values[: epoch + 1], rates):
            assert epoch + 1 >= ours.earliest()
            now = ours.lowered(now)
        assert now == [float(optimizer.learning_rate)], epoch
        rates.append(now)


@pytest.mark.filterwarnings("ignore:__array__")
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("sgd(0.1, momentum=0.9)", lambda: keras.optimizers.SGD(0.1, momentum=0.9)),
        ("adam(0.05, weight_decay=0.1)", lambda: keras.optimizers.Adam(0.05, weight_decay=0.1)),
        ("ftrl(0.1)", lambda: keras.optimizers.Ftrl(0.1)),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_training_ends_with_the_weights_of_keras(ours, theirs):
    section = "reduce_lr { monitor = loss, factor = 0.3, patience = 1, min_delta = 0.5 }"
    text = PLAIN.format(optimizer=ours).replace("epochs    = 3", f"epochs = 6\n  {section}")
    run = kspec.compile_text(text).init()
    model = model_like(run, theirs())
    run.fit(DATA, quiet=True)
    history = model.fit(
        DATA["train"]["x"],
        DATA["train"]["y"],
        batch_size=8,
        epochs=6,
        shuffle=False,
        verbose=0,
        callbacks=[keras.callbacks.ReduceLROnPlateau("loss", 0.3, 1, min_delta=0.5)],
    ).history
    rates = [record["learning_rate"]["all"] for record in run.history]
    np.testing.assert_allclose(rates, history["learning_rate"], 1e-6)
    assert len(set(rates)) >= 3
    assert_same_weights(run, model)


PHASES = """\
  optimizer **.bias = sgd(0.1)
  reduce_lr { monitor = loss, factor = 0.5, patience = 1, min_delta = 10.0 }
  checkpoint { every = 1steps }
  phase one { epochs = 3, freeze base.a }
  phase two { epochs = 3, unfreeze base.a }
  phase three { epochs = 2, optimizer = adam(0.1) }
"""


def rates(history):
    return [tuple(np.round(list(r["learning_rate"].values()), 7)) for r in history]


def test_phases_go_on_with_the_rate_of_their_optimizer():
    """Each counts its own epochs, as another `fit` of Keras does."""
    history = fit(PHASES).history
    kept = [0.1, 0.1, 0.05, 0.025, 0.025, 0.0125]
    assert [r["learning_rate"]["group_1"] for r in history[:6]] == pytest.approx(kept)
    others = [r["learning_rate"]["others"] for r in history]
    assert others == pytest.approx([rate / 10 for rate in kept] + [0.1, 0.1])


def test_a_phase_with_a_schedule_has_no_rate_in_its_state():
    body = (
        "  phase one { epochs = 2, reduce_lr { monitor = loss, patience = 1, min_delta = 9.0 } }\n"
    )
    scheduled = "  phase two { optimizer = sgd(cosine_decay(0.1, 8)) }\n"
    run = fit(body + scheduled + "  phase three { optimizer = sgd(0.2) }")
    assert [r["learning_rate"] for r in run.history[2:]] == [
        {},
        {"all": pytest.approx(0.2)},
    ]


@pytest.mark.parametrize("cuts", [(1,), (4, 1), (9, 5), (30,)], ids=str)
def test_a_run_that_dies_anywhere_ends_as_one_that_does_not(tmp_path, cuts):
    whole = fit(PHASES)
    program = kspec.compile_text(spec(PHASES), folder=tmp_path)
    folder = tmp_path / "run"
    run = in_parts(program, folder, cuts, DATA)
    assert same(weights(whole), weights(run)) == set(whole.weights)
    assert rates(run.history) == rates(whole.history)


def test_a_program_without_the_section_keeps_no_rates():
    program = kspec.compile_text(spec(""))
    assert "rates" not in program.source
    assert "rates" not in program.init().state


def test_lowering_compiles_nothing():
    """The rate is a number of the state, not of the program."""
    run = fit("  epochs = 6\n  reduce_lr { monitor = loss, patience = 1, min_delta = 10.0 }")
    assert len({r["learning_rate"]["all"] for r in run.history}) > 3
    assert run.executable.train_steps._cache_size() == 1  # pyright: ignore
