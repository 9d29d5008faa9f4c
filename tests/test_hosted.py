"""Text and what is learned from data: on the host, before the device, and in every place alike."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from safetensors.numpy import load_file

import kspec
from kspec.diagnostics import SpecError
from kspec.helpers.fingerprint import fingerprint
from kspec.helpers.keyed_fingerprint import keyed_fingerprint
from kspec.runtime.weights import save_weights

SPEC = """\
data reviews {
  source = csv("reviews.csv")
  split  = { train: 75%, validation: 25% }
  review : str
  age : f32
  label : class[2]
}

model Net {
  input review : str
  input age : f32
  words = review -> text_vectorization(max_tokens=20) -> embedding(20, 4) -> global_max_pooling1d
  years = age -> normalization -> expand_dims(-1)
  output liked = concatenate(words, years) -> dense(1, sigmoid)
}

train {
  model     = Net
  data      = reviews
  loss      = binary_crossentropy(label, liked)
  metrics   = [binary_accuracy(label, liked)]
  optimizer = adam(0.1)
  batch     = 16
  epochs    = 8
}
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the spec and its table: reviews with `good` are liked."""
    rng = np.random.default_rng(3)
    lines = ["review,age,label"]
    for label in rng.integers(0, 2, 120):
        others = " ".join(
            rng.choice(["the", "film", "was", "so", "very", "much", "of", "it"], rng.integers(2, 6))
        )
        lines.append(f'"{others} {"GOOD!" if label else "bad"}",{rng.integers(20, 60)},{label}')
    (tmp_path / "reviews.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "net.kspec").write_text(SPEC, encoding="utf-8")
    return tmp_path


def command(place: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kspec", *args], cwd=place, text=True, capture_output=True
    )


def test_texts_are_trained_on_and_predicted_from_the_command_line(place: Path):
    done = command(place, "run", "net.kspec", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["metrics"]["validation"]["binary_accuracy"] == 1
    folder = place / summary["run"]
    tables = json.loads((folder / "tables.json").read_text(encoding="utf-8"))
    assert {"good", "bad", "film"} <= set(tables["text_vectorization.vocabulary"])
    new = 'review,age\n"Good, GOOD",30\nbad bad film,30\n'
    (place / "new.csv").write_text(new, encoding="utf-8")
    done = command(place, "predict", summary["run"], "--input", "new.csv")
    assert done.returncode == 0, done.stderr
    good, bad = (json.loads(line)["liked"][0] for line in done.stdout.splitlines())
    assert good > 0.9
    assert bad < 0.1


def test_learned_moments_are_those_of_the_training_split(place: Path):
    program = kspec.compile(place / "net.kspec")
    run = program.fit(epochs=1, quiet=True)
    ages = run.dataset().splits["train"].arrays["age"]
    np.testing.assert_allclose(run.weights["normalization.mean"], ages.mean(), rtol=1e-6)
    np.testing.assert_allclose(run.weights["normalization.variance"], ages.var(), rtol=1e-5)


def test_a_run_that_goes_on_learns_nothing_anew(place: Path):
    run = kspec.compile(place / "net.kspec").fit(epochs=1, quiet=True)
    before = run.tables, float(run.weights["normalization.mean"])
    part = {"review": np.array(["other words"] * 4), "age": np.full(4, 9.0, np.float32)}
    run.fit({"train": part | {"label": np.zeros(4, int)}}, epochs=1, quiet=True)
    assert (run.tables, float(run.weights["normalization.mean"])) == before


def test_saved_runs_have_their_vocabularies(place: Path):
    run = kspec.compile(place / "net.kspec").fit(epochs=2, quiet=True)
    inputs = {"review": np.array(["good film", ""]), "age": np.array([30, 40], np.float32)}
    again = kspec.load(run.save(place / "saved"))
    assert again.tables == run.tables
    np.testing.assert_array_equal(again.predict(inputs)["liked"], run.predict(inputs)["liked"])


def test_vocabularies_are_loaded_with_weights(place: Path):
    """A part that is loaded keeps what it has learned elsewhere."""
    run = kspec.compile(place / "net.kspec").fit(epochs=2, quiet=True)
    run.save(place / "saved")
    weights = place / "saved" / "weights.safetensors"
    assert load_file(weights)["text_vectorization.vocabulary"].dtype == np.uint8
    text = SPEC.replace("  loss ", '  load ** from "saved/weights.safetensors"\n  loss ', 1)
    program = kspec.compile_text(text, folder=place)
    part = {"review": np.array(["good"] * 4), "age": np.full(4, 9.0, np.float32)}
    loaded = program.fit({"train": part | {"label": np.ones(4, int)}}, epochs=1, quiet=True)
    assert loaded.tables == run.tables
    np.testing.assert_array_equal(
        loaded.weights["normalization.mean"], run.weights["normalization.mean"]
    )


def test_a_model_that_learned_nothing_says_so(place: Path):
    run = kspec.compile(place / "net.kspec").init()
    with pytest.raises(SpecError) as caught:
        run.predict({"review": np.array(["good"]), "age": np.ones(1, np.float32)})
    assert [d.code for d in caught.value.diagnostics] == ["E616"]


def test_words_without_a_number_are_refused(place: Path):
    text = SPEC.replace(
        "text_vectorization(max_tokens=20) -> embedding(20, 4) -> global_max_pooling1d",
        'string_lookup(vocabulary=["x"], num_oov_indices=0) -> embedding(1, 4)',
    )
    with pytest.raises(SpecError) as caught:
        kspec.compile_text(text, folder=place).fit(quiet=True)
    (mistake,) = caught.value.diagnostics
    assert mistake.code == "E518"
    assert "is not in the vocabulary" in caught.value.render()


def test_an_embedding_with_too_few_rows_is_refused(place: Path):
    text = SPEC.replace("max_tokens=20) -> embedding(20, 4)", "max_tokens=20) -> embedding(5, 4)")
    with pytest.raises(SpecError) as caught:
        kspec.compile_text(text, folder=place).fit(quiet=True)
    (mistake,) = caught.value.diagnostics
    assert type(mistake).__name__ == "IndexOutOfRange"


def test_splits_of_texts_of_other_lengths_have_one_width(place: Path):
    """The longest text of all splits says how wide their numbers are."""
    run = kspec.compile(place / "net.kspec").init()
    ages = np.ones(2, np.float32)
    parts = {
        "train": {"review": np.array(["a b c", "d"]), "age": ages, "label": np.array([0, 1])},
        "validation": {"review": np.array(["a b c d e", ""]), "age": ages, "label": ages > 0},
    }
    parts["validation"]["label"] = np.array([1, 0])
    run.fit(parts, epochs=1, quiet=True)
    feed = run.feed(run.dataset(parts))
    rows = np.arange(2, dtype=np.int32)
    assert feed.batch("train", rows)["text_vectorization"].shape == (2, 5)
    assert feed.batch("validation", rows)["text_vectorization"].shape == (2, 5)


@pytest.mark.parametrize(
    ("type", "body", "reason"),
    [
        ("f32[3]", "x -> dense(4) -> normalization", "training, which changes `dense."),
        ("f32[3]", "x -> batch_normalization -> normalization", "another thing in each step"),
        ("f32[3]", "x -> dense(4) -> cast(i32) -> hashing(5)", "training, which changes `dense."),
        ("f32[3]", "x -> dropout(0.5) -> cast(i32) -> hashing(5)", "another thing in each step"),
        ("f32[3, 2]", "x -> time_distributed(normalization)", "cannot hold `normalization`"),
        ("i32[3, 2]", "x -> time_distributed(hashing(5))", "inside of another layer"),
    ],
)
def test_what_is_done_before_training_depends_on_nothing_that_it_changes(type, body, reason):
    with pytest.raises(SpecError) as caught:
        kspec.compile_text(f"model M {{\n  input x : {type}\n  output y = {body}\n}}\n")
    assert [d.code for d in caught.value.diagnostics] == ["E302"]
    assert reason in caught.value.render()


def test_a_layer_behind_dropout_learns_what_evaluation_gives_it():
    text = """
data d {
  source = arrays()
  x : f32[2]
}

model M {
  input x : f32[2]
  output y = x -> dropout(0.5) -> normalization -> dense(1)
}

train {
  model = M
  data = d
  loss = mean(square(y))
  optimizer = sgd(0.1)
}
"""
    x = np.random.default_rng(0).normal(5, 2, (50, 2)).astype(np.float32)
    run = kspec.compile_text(text).fit({"train": {"x": x}}, epochs=1, quiet=True)
    np.testing.assert_allclose(run.weights["normalization.mean"], x.mean(0), rtol=1e-5)


def test_weights_without_their_vocabulary_are_refused(place: Path):
    """Else the rows of an embedding would be those of other words."""
    run = kspec.compile(place / "net.kspec").init()
    save_weights(run.weights, place / "bare.safetensors")
    text = SPEC.replace("  loss ", '  load ** from "bare.safetensors"\n  loss ', 1)
    with pytest.raises(SpecError) as caught:
        kspec.compile_text(text, folder=place).init()
    assert [d.code for d in caught.value.diagnostics] == ["E611"]
    assert "it has no `text_vectorization.vocabulary`" in caught.value.render()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Keras
def test_files_of_keras_have_no_vocabularies(place: Path):
    words = keras.Sequential([keras.layers.Embedding(20, 4)])
    words.build((None, 3))
    words.save_weights(place / "a.weights.h5")
    text = SPEC.replace(
        "  words = review -> text_vectorization(max_tokens=20) -> embedding(20, 4) -> ",
        "  share part = text_vectorization(max_tokens=20) -> embedding(20, 4)\n"
        "  words = review -> part -> ",
    ).replace("  loss ", '  load part from "a.weights.h5"\n  loss ', 1)
    with pytest.raises(SpecError) as caught:
        kspec.compile_text(text, folder=place).init()
    assert [d.code for d in caught.value.diagnostics] == ["E611"]
    assert "read from `.safetensors` files only" in caught.value.render()


def test_text_may_not_reach_the_device():
    for line in ("text + text", "text -> dense(4)", "text -> flatten", "text"):
        spec = f"model M {{\n  input text : str\n  output y = {line}\n}}\n"
        with pytest.raises(SpecError) as caught:
            kspec.compile_text(spec)
        assert "text" in caught.value.render() or "str" in caught.value.render()


def test_hashes_are_those_of_their_inventors():
    """From the reference programs: FarmHash's and, with the key 0 to 15, SipHash-2-4's."""
    assert fingerprint("") == 0x9AE16A3B2F90404F
    key = tuple(int.from_bytes(range(at, at + 8), "little") for at in (0, 8))
    assert keyed_fingerprint("", key) == 0x726FDB47DD0E0E31
    assert keyed_fingerprint("\0\1\2\3\4\5\6\7", key) == 0x93F5F5799A932462
