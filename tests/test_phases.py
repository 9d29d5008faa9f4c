"""Phases: what is frozen stays, what goes on goes on, and a stop in between changes nothing."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

import kspec
from kspec.runtime.folder import open_run
from kspec.runtime.run import Run
from kspec.runtime.weights import read_weights
from tests.cuts import in_parts

HEAD = """
data points {
  source = arrays()
  x : f32[6]
  y : f32[2]
}

block Base(width) {
  input x : f32[D]
  x = x -> dense(width, tanh, name="a") -> batch_normalization(name="bn")
  output x -> dense(width, tanh, name="b")
}

model Net(rate = 0.0) {
  input x : f32[6]
  share base = Base(5)
  output z = x -> base -> dropout(rate) -> dense(2)
}

train {
  model     = Net
  data      = points
  loss      = mean_squared_error(y, z)
  optimizer = adam(0.01)
  batch     = 8
  shuffle   = false
"""


def spec(body: str, rate: float = 0.0) -> str:
    return f"{HEAD.replace('rate = 0.0', f'rate = {rate}')}{body}\n}}\n"


def points(count: int = 32, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 6)).astype(np.float32)
    return {"x": x, "y": np.stack([x[:, 0] * x[:, 1], np.sin(x[:, 2])], 1).astype(np.float32)}


DATA = {"train": points(), "validation": points(16, seed=1)}


def fit(body: str, rate: float = 0.0) -> Run:
    return kspec.compile_text(spec(body, rate)).fit(DATA, quiet=True)


def weights(run: Run) -> dict[str, np.ndarray]:
    return {path: np.array(value) for path, value in run.weights.items()}


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> set[str]:
    """The paths where two sets of weights are equal, bit for bit."""
    return {path for path in one if np.array_equal(one[path], other[path])}


def test_freeze_and_unfreeze_train_as_keras_does():
    """A frozen base with its batch normalization, then a part of it with a new optimizer."""
    run = kspec.compile_text(
        spec(
            "  phase head { epochs = 3, freeze base }\n"
            "  phase tune { epochs = 3, unfreeze base.b, optimizer = rmsprop(1e-3) }\n"
            "  phase all  { epochs = 2, unfreeze base, optimizer = sgd(0.01) }\n"
        )
    ).init()
    K = keras.layers
    layers = {
        "base.a": K.Dense(5, "tanh"),
        "base.bn": K.BatchNormalization(),
        "base.b": K.Dense(5, "tanh"),
        "dense": K.Dense(2),
    }
    model = keras.Sequential([keras.Input((6,)), *layers.values()])
    for name, layer in layers.items():
        for variable in layer.variables:
            variable.assign(run.weights[f"{name}.{variable.name}"])
    run.fit(DATA, quiet=True)
    phases: list[tuple[set[str], Any, int]] = [
        ({"dense"}, keras.optimizers.Adam(0.01), 3),
        ({"dense", "base.b"}, keras.optimizers.RMSprop(1e-3), 3),
        (set(layers), keras.optimizers.SGD(0.01), 2),
    ]
    for learning, optimizer, epochs in phases:
        for name, layer in layers.items():
            layer.trainable = name in learning
        model.compile(optimizer, "mse")
        train = DATA["train"]
        model.fit(train["x"], train["y"], batch_size=8, epochs=epochs, shuffle=False, verbose=0)
    assert [record["phase"] for record in run.history] == ["head"] * 3 + ["tune"] * 3 + ["all"] * 2
    for name, layer in layers.items():
        for variable in layer.variables:
            ours, theirs = run.weights[f"{name}.{variable.name}"], np.asarray(variable.value)
            np.testing.assert_allclose(ours, theirs, 2e-4, 2e-5, err_msg=f"{name}.{variable.name}")


def test_what_is_frozen_stays_and_has_no_moments():
    before = weights(kspec.compile_text(spec("  freeze base\n  epochs = 2")).init())
    run = fit("  freeze base\n  epochs = 2")
    kept = same(before, weights(run))
    assert kept == {path for path in before if path.startswith("base.")}
    moments = [np.shape(leaf) for leaf in leaves(run.state["optimizer"])]
    assert sorted(moments) == sorted([(), (5, 2), (2,), (5, 2), (2,)])


def leaves(tree: Any) -> list[Any]:
    import jax

    return jax.tree.leaves(tree)


def test_statistics_of_a_batch_normalization_whose_weights_are_frozen_move_on():
    before = weights(kspec.compile_text(spec("  freeze base.bn.gamma")).init())
    after = weights(fit("  freeze base.bn.gamma"))
    assert same(before, after) == {"base.bn.gamma"}


def test_a_phase_that_changes_nothing_is_no_seam():
    whole = fit("  epochs = 5", rate=0.3)
    parts = fit("  phase one { epochs = 2 }\n  phase two { epochs = 3 }", rate=0.3)
    assert same(weights(whole), weights(parts)) == set(whole.weights)
    assert [r["train"] for r in whole.history] == [r["train"] for r in parts.history]


def test_moments_go_on_for_what_was_learning_and_start_fresh_for_what_was_not():
    run = fit("  phase head { epochs = 2, freeze base }\n  phase all { epochs = 1, unfreeze base }")
    state = run.state["optimizer"][0]
    assert int(state.count) == 3 * 4
    head = kspec.compile_text(spec("  freeze base\n  epochs = 2")).fit(DATA, quiet=True)
    entered = run.executable.enter_all({**run.state, "optimizer": head.state["optimizer"]})  # pyright: ignore
    moments = entered["optimizer"][0].first
    assert not np.any(moments["base"]["a"]["kernel"])
    old = head.state["optimizer"][0].first["dense"]["kernel"]
    assert np.array_equal(moments["dense"]["kernel"], old)


def test_parts_have_optimizers_of_their_own():
    body = "  optimizer base = sgd(0.0)\n  optimizer **.bias = sgd(0.1)\n  epochs = 2"
    before = weights(kspec.compile_text(spec(body)).init())
    after = weights(fit(body))
    kept = {path for path in before if path.startswith("base.") and not path.endswith(".bias")}
    assert same(before, after) == {path for path in kept if "moving" not in path}


def test_parts_and_rules_without_weights_keep_the_places_of_the_others():
    """So that what was learned before goes on with its moments."""
    body = "  phase head {{ epochs = 2, freeze {0} }}\n  phase all {{ epochs = 1, unfreeze {0} }}"
    parts = fit("  optimizer base = sgd(0.1)\n" + body.format("base"))
    state = parts.state["optimizer"].inner_states["others"].inner_state
    assert int(state[0].count) == 3 * 4
    text = spec(body.format("**.kernel")).replace("adam(0.01)", "muon(0.01)")
    rules = kspec.compile_text(text).fit(DATA, quiet=True)
    state = rules.state["optimizer"].inner_states["adam"].inner_state
    assert int(state[0].count) == 3 * 4


STOPPING = """\
  checkpoint { best = min(validation.loss), keep = 2, every = 1steps }
  phase one { epochs = 30, freeze base, stop { monitor = loss, min_delta = 0.03 } }
  phase two {
    epochs = 40, unfreeze base.b, optimizer = adam(0.05)
    stop { monitor = validation.loss, patience = 2, restore_best_weights = true }
  }
"""


def test_phases_stop_early_and_go_back_to_the_best_weights():
    run = fit(STOPPING, rate=0.2)
    phases = [record["phase"] for record in run.history]
    assert 2 <= phases.count("one") < 30
    assert 3 <= phases.count("two") < 40
    losses = [r["validation"]["loss"] for r in run.history if r["phase"] == "two"]
    best = int(np.argmin(losses))
    assert best == len(losses) - 3
    assert run.evaluate_splits(run.dataset(DATA))["validation"]["loss"] == losses[best]


@pytest.mark.parametrize("cuts", [(1,), (4, 1), (3, 3, 2, 1), (6, 5)], ids=str)
def test_a_run_that_dies_anywhere_ends_as_one_that_does_not(tmp_path, cuts):
    text = spec(STOPPING, rate=0.2)
    whole = kspec.compile_text(text).fit(DATA, quiet=True)
    program = kspec.compile_text(text, folder=tmp_path)
    folder = tmp_path / "run"
    run = in_parts(program, folder, cuts, DATA)
    assert same(weights(whole), weights(run)) == set(whole.weights)
    plain = [{k: v for k, v in r.items() if k != "seconds"} for r in run.history]
    assert plain == [{k: v for k, v in r.items() if k != "seconds"} for r in whole.history]
    reopened = open_run(folder)
    assert same(weights(whole), weights(reopened)) == set(whole.weights)
    losses = [record["validation"]["loss"] for record in whole.history]
    kept, note = read_weights(folder / "best.safetensors", whole.weights)
    assert note == {"epoch": str(int(np.argmin(losses)) + 1)}
    assert set(kept) == set(whole.weights)
    assert reopened.evaluate_splits(reopened.dataset(DATA))["validation"]["loss"] == losses[-3]
