"""Updates that leave no numbers: none stays, the place is named, and leaving them out is exact."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import kspec
from kspec.diagnostics.errors import NoNumbers
from kspec.runtime.executable import updates_of
from kspec.runtime.folder import open_run, write_bundle
from kspec.runtime.guard import in_a_row
from kspec.runtime.run import Run
from tests.cuts import in_folder, in_parts
from tests.test_phases import DATA, same, weights

SPEC = """
data points {
  source = arrays()
  x : f32[6]
  y : f32[2]
}

model Net {
  input x : f32[6]
  h = x -> dense(5, tanh)
  t = HIDDEN
  output z = t -> dense(2)
}

train {
  model     = Net
  data      = points
  loss      = mean_squared_error(y, z)
  optimizer = OPTIMIZER
  batch     = 8
  shuffle   = false
  epochs    = 3
  MORE
  terminate_on_nan { SECTION }
}
"""


def spec(
    hidden: str = "h", optimizer: str = "adam(0.01)", section: str = "", more: str = ""
) -> str:
    text = SPEC.replace("HIDDEN", hidden).replace("OPTIMIZER", optimizer)
    return text.replace("SECTION", section).replace("MORE", more)


def run_of(*args: str, **more: str) -> Run:
    return kspec.compile_text(spec(*args, **more)).init()


def huge(*rows: int) -> dict[str, dict[str, Any]]:
    """Data in which some rows are too large to compute with."""
    x, y = DATA["train"]["x"].copy(), DATA["train"]["y"].copy()
    x[list(rows)] = y[list(rows)] = 3e38
    return {"train": {"x": x, "y": y}}


def fails(run: Run, data: Any = DATA) -> NoNumbers:
    with pytest.raises(kspec.SpecError) as caught:
        run.fit(data, quiet=True)
    (found,) = caught.value.diagnostics
    assert isinstance(found, NoNumbers)
    return found


@pytest.mark.parametrize(
    ("hidden", "optimizer", "what", "place"),
    [
        ("log(h)", "adam(0.01)", "`t` is nan", "log(h)"),
        ("sqrt(h * 0)", "adam(0.01)", "the gradient of `h` is", "sqrt(h * 0)"),
        ("h", "sgd(1e30)", "`loss` is inf", "mean_squared_error(y, z)"),
        ("h", "sgd(1e38, momentum=0.9)", "`", ""),
    ],
)
@pytest.mark.parametrize("accumulate", [1, 2])
def test_the_place_is_named_and_nothing_bad_stays(hidden, optimizer, what, place, accumulate):
    run = run_of(hidden, optimizer, more=f"accumulate = {accumulate}")
    found = fails(run)
    assert found.what.startswith(what)
    assert found.span is not None
    assert place in ("", found.span.text)
    assert all(np.isfinite(value).all() for value in run.weights.values())
    assert int(run.state["step"]) == run.position.step == found.step - 1


def test_weights_and_rows_are_named():
    run = run_of()
    run.weights["dense_1.bias"] = np.array([1, np.nan], np.float32)
    assert fails(run).what == "the weight `dense_1.bias` is nan"
    run = run_of()
    run.weights["dense.kernel"] = np.full((6, 5), 10, np.float32)
    found = fails(run, huge(9, 20))
    assert found.step == 2
    assert found.what in ("`h` is inf", "`h` is -inf", "`h` is nan")


def by_hand(run: Run, data: Any, left_out: set[int]) -> None:
    """Three epochs of four steps, without some of them."""
    updates = updates_of(run.executable, "")
    for number in range(12):
        rows = np.arange(8) + 8 * (number % 4)
        batch = {name: field[rows] for name, field in data["train"].items()}
        if number % 4 + 1 in left_out:
            run.state = {**run.state, "step": run.state["step"] + 1}
        else:
            run.state, _ = updates.train_step(run.state, batch, np.ones(8, np.float32))


@pytest.mark.parametrize("optimizer", ["adam(0.01)", "lion(0.01)", "sgd(0.1, use_ema=true)"])
def test_steps_that_are_left_out_leave_no_trace(optimizer):
    """In a dispatch of four steps: the others are as if they had been taken one by one."""
    data = huge(9, 27)
    run, other = run_of(optimizer=optimizer, section="skip = 1"), run_of(optimizer=optimizer)
    run.fit(data, quiet=True)
    by_hand(other, data, {2, 4})
    other.position = run.position
    other.finalize()
    assert same(weights(run), weights(other)) == set(run.weights)
    assert [record["skipped"] for record in run.history] == [[2, 4]] * 3
    assert all(np.isfinite(record["train"]["loss"]) for record in run.history)


def test_a_program_that_has_only_numbers_is_as_without_the_section():
    plain = kspec.compile_text(spec().replace("terminate_on_nan { }", ""))
    guarded = run_of()
    assert plain.source == kspec.compile_text(spec()).source
    one = plain.fit(DATA, quiet=True)
    guarded.fit(DATA, quiet=True)
    assert same(weights(one), weights(guarded)) == set(one.weights)
    assert "skipped" not in guarded.history[0]


def test_too_many_in_a_row_end_training_before_the_last_one():
    """Across the seam of two epochs: the last step of one and the first of the next."""
    run = run_of(section="skip = 1")
    found = fails(run, huge(1, 30))
    assert (found.epoch, found.step) == (2, 1)
    assert "and 1 before it in a row" in found.fine
    assert (run.position.epoch, run.position.step) == (1, 0)
    assert run.history[0]["skipped"] == [1, 4]
    assert in_a_row([[1, 4], [1]], 4, 1) == 2
    assert in_a_row([[1, 4], [1]], 4, 2) == 0
    assert in_a_row([[1, 2], [1, 2]], 2, 2) == 4


@pytest.mark.parametrize("cuts", [(1,), (2, 1)], ids=str)
def test_a_run_that_dies_leaves_out_the_same_steps(tmp_path, cuts):
    text = spec(section="skip = 3", more="checkpoint { every = 1steps }")
    whole = kspec.compile_text(text).fit(huge(9), quiet=True)
    program = kspec.compile_text(text, folder=tmp_path)
    folder = tmp_path / "run"
    run = in_parts(program, folder, cuts, huge(9))
    assert same(weights(whole), weights(run)) == set(whole.weights)
    assert [r["skipped"] for r in run.history] == [[2]] * 3


def test_the_folder_of_a_run_that_ended_has_the_weights_from_before(tmp_path):
    program = kspec.compile_text(spec(), folder=tmp_path)
    folder = tmp_path / "run"
    write_bundle(program.bundle(), folder)
    with pytest.raises(kspec.SpecError):
        in_folder(program.init(), folder, None, huge(9))
    run = open_run(folder)
    assert (run.position.step, int(run.state["step"])) == (1, 1)
    assert json.loads((folder / "run.json").read_text(encoding="utf-8"))["status"] == "diverged"
    assert fails(run, huge(9)).step == 2


def test_a_gradient_that_is_bad_in_one_row_only_is_found():
    """The loss stays a number until that row is used again; the state is looked at before that."""
    text = spec().replace("x : f32[6]\n  y", "x : f32[6]\n  w : i32\n  y")
    text = text.replace("input x : f32[6]", "input x : f32[6]\n  input w : i32")
    text = text.replace("t = h", "t = h + sqrt(w -> embedding(9, 5, embeddings_initializer=zeros))")
    words = np.where(np.arange(32) == 12, 7, 0).astype(np.int32)
    train = {**DATA["train"], "w": words}
    run = kspec.compile_text(text).init()
    run.weights["embedding.embeddings"] = np.where(np.arange(9) == 7, 0, 1)[:, None] * np.ones(
        (9, 5), np.float32
    )
    found = fails(run, {"train": train})
    assert found.step == 2
    assert "gradient" in found.what
