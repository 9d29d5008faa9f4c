"""Averages of the weights: they take the weights' places when training or a phase ends."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import kspec
from kspec.runtime.folder import open_run
from kspec.runtime.run import Run
from tests.cuts import in_folder, in_parts
from tests.test_phases import DATA, fit, same, spec, weights

SPEC = """
data points {{
  source = arrays()
  x : f32[6]
  y : f32[2]
}}

model Net {{
  input x : f32[6]
  output z = x -> dense(5, tanh) -> dense(2)
}}

train {{
  model     = Net
  data      = points
  loss      = mean_squared_error(y, z)
  optimizer = {optimizer}
  batch     = 8
  shuffle   = false
  epochs    = 3
}}
"""


def run_of(optimizer: str) -> Run:
    return kspec.compile_text(SPEC.format(optimizer=optimizer)).init()


def model_like(run: Run, optimizer: Any) -> keras.Model:
    """Keras' model with the weights of a run."""
    layers = {"dense": keras.layers.Dense(5, "tanh"), "dense_1": keras.layers.Dense(2)}
    model = keras.Sequential([keras.Input((6,)), *layers.values()])
    for name, layer in layers.items():
        for variable in layer.variables:
            variable.assign(run.weights[f"{name}.{variable.name}"])
    model.compile(optimizer, "mse")
    return model


def fit_keras(model: keras.Model, epochs: int) -> Any:
    train, validation = DATA["train"], DATA["validation"]
    history = model.fit(
        train["x"],
        train["y"],
        batch_size=8,
        epochs=epochs,
        shuffle=False,
        validation_data=(validation["x"], validation["y"]),
        verbose=0,
    )
    for variable in model.weights:  # Keras would give the next fit the same arrays twice
        variable.assign(np.array(variable.value))
    return history


def assert_same_weights(run: Run, model: keras.Model) -> None:
    for ours, theirs in zip(run.weights.values(), model.weights, strict=True):
        np.testing.assert_allclose(ours, np.asarray(theirs.value), 1e-4, 1e-6)


@pytest.mark.parametrize("every", [None, 5])
def test_training_ends_with_the_weights_of_keras(every):
    """Once, and then on from there; validation sees the weights as they are, not averages."""
    more = "" if every is None else f", ema_overwrite_frequency={every}"
    run = run_of(f"adam(0.05, use_ema=true, ema_momentum=0.9{more})")
    optimizer = keras.optimizers.Adam(
        0.05, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=every
    )
    model = model_like(run, optimizer)
    run.fit(DATA, quiet=True)
    losses = fit_keras(model, 3).history["val_loss"]
    ours = [record["validation"]["loss"] for record in run.history]
    np.testing.assert_allclose(ours, losses, 1e-4)
    assert_same_weights(run, model)
    assert abs(run.evaluate(DATA["validation"])["loss"] - ours[-1]) > 1e-4
    for _ in range(2):
        run.fit(DATA, epochs=1, quiet=True)
        fit_keras(model, 1)
    assert_same_weights(run, model)


def test_the_best_weights_are_those_of_their_epoch():
    """As in Keras, going back to the best epoch comes last, also where that is the last one."""
    stop = "  epochs = 4\n  stop { monitor = loss, restore_best_weights = true }\n"
    plain = fit(f"{stop}  phase one {{ optimizer = sgd(0.01) }}")
    averaged = fit(f"{stop}  phase one {{ optimizer = sgd(0.01, use_ema=true) }}")
    losses = [record["train"]["loss"] for record in plain.history]
    assert losses == sorted(losses, reverse=True)
    assert same(weights(plain), weights(averaged)) == set(plain.weights)


def test_training_no_epoch_changes_nothing():
    run = run_of("adam(use_ema=true)")
    for path in run.weights:
        run.weights[path] = np.ones_like(run.weights[path])
    run.fit(DATA, epochs=0, quiet=True)
    assert all((value == 1).all() for value in run.weights.values())


@pytest.mark.parametrize("optimizer", ["sgd(0.1, use_ema=true)", "schedule_free_adamw(0.1)"])
def test_weights_that_are_set_before_training_are_where_it_starts(optimizer):
    """What the optimizer copied before weights were loaded does not count."""
    loaded, fresh = run_of(optimizer), run_of(optimizer)
    for path, value in loaded.weights.items():
        loaded.weights[path] = 3 * value + 0.1
    params = jax.tree.map(jnp.copy, loaded.state["params"])
    moments = fresh.executable.optimizer.init(params)  # pyright: ignore
    fresh.state = {**fresh.state, "params": params, "optimizer": moments}
    for run in (loaded, fresh):
        run.fit(DATA, quiet=True)
    assert same(weights(loaded), weights(fresh)) == set(loaded.weights)


PHASES = """\
  checkpoint { keep = 2, every = 1steps }
  phase one {
    epochs = 2, freeze base
    optimizer = adam(0.02, use_ema=true, ema_momentum=0.9)
  }
  phase two { epochs = 2, unfreeze base.b }
  phase three {
    epochs = 3, unfreeze base
    optimizer = sgd(0.1, momentum=0.9, use_ema=true, ema_momentum=0.8, ema_overwrite_frequency=3)
    optimizer **.bias = schedule_free_adamw(0.01, use_ema=true)
  }
"""


def test_a_phase_goes_on_from_the_averages_of_the_one_before():
    head = "  phase one { epochs = 2, optimizer = adam(0.02, use_ema=true) }\n"
    one = fit(head)
    both = fit(head + "  phase two { epochs = 1, optimizer = sgd(0.0) }")
    learned = {path for path in one.weights if "moving" not in path}
    assert same(weights(one), weights(both)) == learned
    plain = fit(head.replace("use_ema=true", "use_ema=false"))
    assert same(weights(one), weights(plain)) == set(one.weights) - learned


@pytest.mark.parametrize("cuts", [(1,), (4, 1), (8, 1), (3, 6, 5), (15, 4)], ids=str)
def test_a_run_that_dies_anywhere_ends_as_one_that_does_not(tmp_path, cuts):
    text = spec(PHASES, rate=0.2)
    whole = kspec.compile_text(text).fit(DATA, quiet=True)
    program = kspec.compile_text(text, folder=tmp_path)
    folder = tmp_path / "run"
    run = in_parts(program, folder, cuts, DATA)
    plain = [{k: v for k, v in r.items() if k != "seconds"} for r in run.history]
    assert plain == [{k: v for k, v in r.items() if k != "seconds"} for r in whole.history]
    for again in (run, open_run(folder)):
        assert same(weights(whole), weights(again)) == set(whole.weights)
    in_folder(again, folder, None, DATA)  # there is nothing left to do
    assert same(weights(whole), weights(open_run(folder))) == set(whole.weights)
