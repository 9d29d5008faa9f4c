"""The Python API: compile, init, fit, evaluate, predict, weights, save, load."""

from __future__ import annotations

import jax
import numpy as np
import pytest

import kspec
from kspec.diagnostics import SpecError
from tests.conftest import SPECS

SPEC = """\
param width : int = 4

data points {
  source = arrays()
  x : f32[3]
  label : class[2]
}

model Net(hidden = width) {
  input x : f32[3]
  output y = x -> dense(hidden, tanh) -> dense(2, softmax)
}

train {
  model     = Net
  data      = points
  loss      = sparse_categorical_crossentropy(label, y)
  metrics   = [sparse_categorical_accuracy(label, y)]
  optimizer = adam(0.05)
  batch     = 16
  epochs    = 4
}
"""
ALONE = "model Net {\n  input x : f32[3]\n  output y = x -> dense(2)\n}\n"


def points(rows: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Points with the label of their first coordinate's sign."""
    x = np.random.default_rng(seed).normal(size=(rows, 3)).astype(np.float32)
    return {"x": x, "label": (x[:, 0] > 0).astype(np.int64)}


DATA = {"train": points(100), "validation": points(30, seed=1)}


@pytest.fixture(scope="module")
def trained():
    """A run after four epochs."""
    return kspec.compile_text(SPEC).fit(data=DATA, quiet=True)


def test_compile_gives_the_generated_python_and_every_stage():
    program = kspec.compile(SPECS / "digits.kspec")
    assert "def train_steps(" in program.source
    assert program.ir().startswith("module Perceptron")
    assert "sparse_categorical_crossentropy" in program.ir("after:elaborate")
    assert "from_logits=true" in program.ir("after:fuse_softmax_crossentropy")
    with pytest.raises(SpecError, match="E605"):
        program.ir("after:nothing")


def test_set_changes_params_and_settings():
    program = kspec.compile_text(SPEC, set={"width": 9, "train.epochs": 2, "train.shuffle": False})
    assert "f32[3,9]" in program.ir()
    assert "epochs=2" in program.ir()
    assert "shuffle=false" in program.ir()


@pytest.mark.parametrize(
    ("name", "code"), [("widht", "E106"), ("points.seed", "E106"), ("train.epoch", "E103")]
)
def test_set_of_what_is_not_there_is_a_mistake(name, code):
    with pytest.raises(SpecError, match=code):
        kspec.compile_text(SPEC, set={name: 3})


def test_set_of_another_type_is_a_mistake():
    with pytest.raises(SpecError, match="E205"):
        kspec.compile_text(SPEC, set={"width": "wide"})


def test_a_mistake_has_its_place_and_its_class():
    from kspec.diagnostics.errors import UnknownName

    with pytest.raises(kspec.SpecError) as caught:
        kspec.compile_text(ALONE.replace("dense", "densse"))
    (mistake,) = caught.value.diagnostics
    assert isinstance(mistake, UnknownName)
    assert mistake.span is not None
    assert (mistake.span.line, mistake.span.column) == (3, 19)
    assert "did you mean" in caught.value.render() or "similar name" in caught.value.render()


def test_fit_trains_and_keeps_a_history(trained):
    assert [record["epoch"] for record in trained.history] == [1, 2, 3, 4]
    last = trained.history[-1]
    assert last["train"]["loss"] < trained.history[0]["train"]["loss"]
    assert last["validation"]["sparse_categorical_accuracy"] > 0.8
    assert set(last["train"]) == {"loss", "sparse_categorical_accuracy"}


def test_an_epochs_metrics_are_those_of_its_rows_alone():
    """100 rows in batches of 16: the last batch has 4, and counts as 4."""
    program = kspec.compile_text(SPEC, set={"train.optimizer": kspec_rate(0.0)})
    run = program.fit(data=DATA, epochs=1, quiet=True)
    direct = run.evaluate(DATA["train"])
    assert run.history[0]["train"]["loss"] == pytest.approx(direct["loss"], rel=1e-6)
    y = run.predict({"x": DATA["train"]["x"]})["y"]
    chosen = y[np.arange(100), DATA["train"]["label"]]
    assert direct["loss"] == pytest.approx(float(-np.log(chosen).mean()), rel=1e-5)
    right = float((y.argmax(1) == DATA["train"]["label"]).mean())
    assert direct["sparse_categorical_accuracy"] == pytest.approx(right)


def kspec_rate(rate: float):
    """`sgd(rate)` as `--set` would write it."""
    from kspec.api import Written

    return Written(f"sgd({rate})")


def test_fit_goes_on_from_the_present_weights():
    program = kspec.compile_text(SPEC)
    whole = program.fit(data=DATA, epochs=4, quiet=True)
    parts = program.fit(data=DATA, epochs=1, quiet=True)
    parts.fit(data=DATA, epochs=3, quiet=True)
    assert len(parts.history) == 4
    for path, weight in whole.weights.items():
        np.testing.assert_array_equal(parts.weights[path], weight)


def test_two_fits_give_the_same_bits_and_another_seed_other_ones():
    program = kspec.compile_text(SPEC)
    one, two = (program.fit(data=DATA, epochs=1, quiet=True) for _ in range(2))
    other = kspec.compile_text(SPEC, set={"train.seed": 1}).fit(data=DATA, epochs=1, quiet=True)
    for path, weight in one.weights.items():
        np.testing.assert_array_equal(two.weights[path], weight)
    assert not np.array_equal(one.weights["dense.kernel"], other.weights["dense.kernel"])
    assert not np.array_equal(
        program.init(seed=0).weights["dense.kernel"], program.init(seed=7).weights["dense.kernel"]
    )


def test_each_function_is_compiled_once(trained):
    """A short last batch, other splits, and predictions of any number of rows included."""
    jax.clear_caches()  # else what other tests compiled may drive this out while it runs
    run = kspec.compile_text(SPEC).fit(data=DATA, epochs=2, quiet=True)
    run.evaluate(points(50))
    for rows in (1, 16, 33):
        run.predict({"x": points(rows)["x"]})
    for name in ("train_steps", "eval_steps", "predict"):
        function = getattr(run.executable, name)
        assert function._cache_size() == (2 if name == "eval_steps" else 1), name


def test_predict_takes_any_number_of_rows_and_checks_them(trained):
    y = trained.predict({"x": points(37)["x"]})["y"]
    assert y.shape == (37, 2)
    np.testing.assert_allclose(y.sum(1), 1, rtol=1e-5)
    one = trained.predict({"x": points(37)["x"][:1]})["y"]
    np.testing.assert_allclose(one, y[:1], rtol=1e-6)
    for inputs, code in (({}, "E504"), ({"x": np.zeros((2, 4), np.float32)}, "E505")):
        with pytest.raises(SpecError, match=code):
            trained.predict(inputs)


def test_weights_are_a_mapping_that_can_be_set():
    run = kspec.compile_text(ALONE).init()
    assert list(run.weights) == ["dense.kernel", "dense.bias"]
    run.weights["dense.kernel"] = np.ones((3, 2))
    run.weights["dense.bias"] = np.array([0.5, -0.5])
    x = np.array([[1, 2, 3]], np.float32)
    np.testing.assert_allclose(run.predict({"x": x})["y"], [[6.5, 5.5]])
    with pytest.raises(ValueError, match=r"dense.kernel has the shape \(3, 2\)"):
        run.weights["dense.kernel"] = np.ones(3)
    with pytest.raises(KeyError):
        run.weights["dense.kernl"] = np.ones(3)


def test_a_model_alone_predicts_and_cannot_train():
    program = kspec.compile_text(ALONE)
    assert program.init().predict({"x": np.zeros((2, 3), np.float32)})["y"].shape == (2, 2)
    with pytest.raises(SpecError, match="E604"):
        program.fit(data=DATA)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: d.pop("label"), "E504"),
        (lambda d: d.update(label=d["label"] + 1), "E506"),
        (lambda d: d.update(x=d["x"].astype(np.int32)), "E505"),
        (lambda d: d.update(x=np.where(d["x"] > 1, np.nan, d["x"])), "E507"),
        (lambda d: d.update(label=d["label"][:5]), "E510"),
    ],
)
def test_arrays_are_checked_against_the_declared_fields(change, code):
    data = points(40)
    change(data)
    with pytest.raises(SpecError, match=code):
        kspec.compile_text(SPEC).fit(data={"train": data}, quiet=True)


@pytest.mark.parametrize(
    ("splits", "code"), [(["validation"], "E504"), (["train", "valid"], "E101")]
)
def test_arrays_are_given_by_the_names_of_splits(splits, code):
    with pytest.raises(SpecError, match=code):
        kspec.compile_text(SPEC).fit(data={name: points(10) for name in splits}, quiet=True)


def test_fit_shows_a_line_an_epoch_on_a_stream_that_is_no_terminal(capfd):
    kspec.compile_text(SPEC).fit(data=DATA, epochs=2)
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "epoch 1/2  loss " in captured.err
    assert "epoch 2/2  loss " in captured.err


def test_save_and_load_give_the_same_run(trained, tmp_path):
    folder = trained.save(tmp_path / "saved")
    loaded = kspec.load(folder)
    assert loaded.history == trained.history
    x = points(9, seed=3)["x"]
    np.testing.assert_array_equal(loaded.predict({"x": x})["y"], trained.predict({"x": x})["y"])
    again = loaded.fit(data=DATA, epochs=1, quiet=True)
    assert [record["epoch"] for record in again.history] == [1, 2, 3, 4, 5]


def test_a_model_alone_is_no_run_to_save(tmp_path):
    run = kspec.compile_text(
        "model M {\n  input x : f32[2]\n  output y = x -> dense(1)\n}\n"
    ).init()
    with pytest.raises(SpecError) as caught:
        run.save(tmp_path / "saved")
    assert {each.code for each in caught.value.diagnostics} == {"E604"}
    assert not (tmp_path / "saved").exists()


def test_saving_twice_keeps_the_newer_run(tmp_path):
    run = kspec.compile_text(SPEC).fit(data=DATA, epochs=1, quiet=True)
    run.save(tmp_path / "saved")
    run.fit(data=DATA, epochs=1, quiet=True)
    run.save(tmp_path / "saved")
    assert len(kspec.load(tmp_path / "saved").history) == 2
