"""Ragged data from end to end: trained, evaluated and predicted, with buckets and without."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kspec
from kspec.diagnostics import SpecError
from kspec.ir import read, show
from kspec.runtime.folder import open_run
from kspec.runtime.ready import Ready
from kspec.runtime.run import Run
from tests.cuts import in_parts

SPEC = """
data texts {{
  source = {source}
{buckets}  tokens : i32[..12]
  label  : class[2]
}}

model Words {{
  input tokens : i32[..12]
  x = tokens -> embedding(20, 6)
{steps}
  output score = steps -> global_average_pooling1d -> dense(1, sigmoid)
  output all = steps
}}

train {{
  model     = Words
  data      = texts
  loss      = binary_crossentropy(label, score)
  metrics   = [binary_accuracy(label, score)]
  optimizer = adam(0.01)
  batch     = 8
  epochs    = 3
  seed      = 4
}}
"""
QUICK = "  steps = x -> dense(5, tanh) -> dropout(0.3)"
RICH = """
  attended = (x, x) -> multi_head_attention(2, 3)
  normal = x + attended -> layer_normalization
  steps = concatenate(normal -> gru(5, return_sequences=true), normal)
"""
ROWS = 70


def spec(buckets: str = "", source: str = "arrays()", steps: str = QUICK) -> str:
    """The text, with buckets or without."""
    line = f"  buckets = {buckets}\n" if buckets else ""
    return SPEC.format(buckets=line, source=source, steps=steps)


def program(buckets: str = "", steps: str = QUICK) -> Any:
    """The spec, compiled."""
    return kspec.compile_text(spec(buckets, steps=steps))


def data(rows: int = ROWS, seed: int = 0) -> dict[str, Any]:
    """Sequences of 0 to 12 tokens, the first two empty; whether most of them are large."""
    rng = np.random.default_rng(seed)
    tokens = [rng.integers(0, 20, n) for n in (0, 0, *rng.integers(1, 13, rows - 2))]
    return {"tokens": tokens, "label": np.array([t.mean() > 9 if t.size else 0 for t in tokens])}


DATA = data()


def like(run: Run, weights: Any) -> Run:
    """The run with other weights."""
    for path, value in weights.items():
        run.weights[path] = np.asarray(value)
    return run


def same(left: Run, right: Run) -> bool:
    """Whether all weights are, bit for bit."""
    return all(np.array_equal(left.weights[path], right.weights[path]) for path in left.weights)


@pytest.fixture(scope="module")
def trained() -> Run:
    """A run that was trained with buckets."""
    splits = {"train": DATA, "validation": data(30, 1)}
    return program("[3, 6, 12]", RICH).fit(splits, quiet=True)


def test_training_learns_and_nothing_is_not_a_number(trained):
    losses = [record["train"]["loss"] for record in trained.history]
    assert np.isfinite(losses).all() and losses[-1] < losses[0]
    assert all(np.isfinite(value).all() for value in trained.weights.values())


def test_each_bucket_has_one_executable(trained):
    step: Any = trained.executable.train_step
    assert (len(step._programs) if isinstance(step, Ready) else step._cache_size()) == 3
    lengths = np.array([len(row) for row in DATA["tokens"]])
    counts = [(lengths <= 3).sum(), ((lengths > 3) & (lengths <= 6)).sum(), (lengths > 6).sum()]
    assert trained.history[-1]["steps"] == 3 * sum(-(-count // 8) for count in counts)


@pytest.mark.parametrize("buckets", ["", "[2, 12]"])
def test_losses_metrics_and_outputs_do_not_depend_on_buckets(trained, buckets):
    other = like(program(buckets, RICH).init(), trained.weights)
    one, two = trained.evaluate(DATA), other.evaluate(DATA)
    assert one == pytest.approx(two, abs=1e-6)
    y, z = (run.predict({"tokens": DATA["tokens"]}) for run in (trained, other))
    np.testing.assert_allclose(y["score"], z["score"], atol=1e-6)
    assert y["all"].shape == z["all"].shape == (ROWS, 12, 11)
    for row, tokens in enumerate(DATA["tokens"]):
        n = len(tokens)
        np.testing.assert_allclose(y["all"][row, :n], z["all"][row, :n], atol=1e-6)


def test_outputs_stand_in_the_order_of_the_examples(trained):
    whole = trained.predict({"tokens": DATA["tokens"]})["score"]
    alone = [trained.predict({"tokens": [row]})["score"][0] for row in DATA["tokens"][:20]]
    np.testing.assert_allclose(whole[:20], alone, atol=1e-6)
    assert len({round(float(y), 5) for y in whole[2:20, 0]}) > 10  # which could be told apart


def test_a_step_without_buckets_is_that_of_padded_data_and_a_mask():
    """The same data, padded by hand, with a mask where tokens are not 0."""
    fixed = spec().replace("[..12]", "[12]")
    fixed = fixed.replace("embedding(20, 6)", "embedding(20, 6, mask_zero=true)")
    tokens = [row % 19 + 1 for row in DATA["tokens"]]
    padded = np.zeros((ROWS, 12), np.int32)
    for row, each in enumerate(tokens):
        padded[row, : len(each)] = each
    label = DATA["label"]
    one = program().fit({"train": {"tokens": tokens, "label": label}}, quiet=True)
    two = kspec.compile_text(fixed).fit({"train": {"tokens": padded, "label": label}}, quiet=True)
    for path in one.weights:
        np.testing.assert_allclose(one.weights[path], two.weights[path], atol=1e-5)


@pytest.mark.parametrize("cuts", [(1,), (5, 9, 4)], ids=str)
def test_a_run_that_dies_in_the_middle_of_an_epoch_ends_as_one_that_does_not(tmp_path, cuts):
    flat = np.concatenate(DATA["tokens"])
    lengths = [len(row) for row in DATA["tokens"]]
    np.savez(tmp_path / "a.npz", tokens=flat, tokens_lengths=lengths, label=DATA["label"] * 1)
    text = spec("[3, 6, 12]", 'npz("a.npz")')
    text = text.replace("  batch ", "  checkpoint { every = 1steps }\n  batch ")
    compiled = kspec.compile_text(text, folder=tmp_path)
    whole = compiled.fit(quiet=True)
    folder = tmp_path / "run"
    run = in_parts(compiled, folder, cuts)
    assert same(whole, run) and same(whole, open_run(folder))
    plain = [
        [{k: v for k, v in r.items() if k != "seconds"} for r in each.history]
        for each in (whole, run)
    ]
    assert plain[0] == plain[1]


def test_lengths_of_a_field_of_one_length_are_its_own():
    """A ragged input takes a field that is as long as it can be, with buckets or without."""
    given = {"tokens": np.ones((4, 12), np.int32), "label": np.zeros(4, np.int32)}
    ragged = program().init()
    text = spec().replace("  tokens : i32[..12]\n  label", "  tokens : i32[12]\n  label")
    assert "  tokens : i32[12]" in text
    run = like(kspec.compile_text(text).init(), ragged.weights)
    assert run.evaluate(given) == ragged.evaluate(given)
    with pytest.raises(SpecError, match="E526"):
        run.evaluate({**given, "tokens": np.ones((4, 13), np.int32)})


@pytest.mark.parametrize("buckets", ["", "[3, 12]"])
def test_programs_read_back_and_are_the_same_each_time(buckets):
    one = program(buckets)
    for stage in ("elaborate", "last"):
        text = one.ir(stage if stage == "last" else f"after:{stage}")
        assert show(read(text)) == text
    assert one.source == program(buckets).source
    assert "jnp.arange(tokens.shape[1]) < tokens_length[:, None]" in one.source


def test_the_command_line_predicts_for_rows_of_an_archive(tmp_path, trained):
    from click.testing import CliRunner

    from kspec.cli import main

    trained.save(tmp_path / "run")
    flat, lengths = np.array([1, 2, 3, 4, 5]), [2, 0, 3]
    np.savez(tmp_path / "in.npz", tokens=flat, tokens_lengths=lengths)
    args = ["predict", str(tmp_path / "run"), "--input", str(tmp_path / "in.npz")]
    done = CliRunner().invoke(main, [*args, "--output", str(tmp_path / "out.npz")])
    assert done.exit_code == 0, done.output
    with np.load(tmp_path / "out.npz") as out:
        own = trained.predict({"tokens": [[1, 2], [], [3, 4, 5]]})
        np.testing.assert_allclose(out["score"], own["score"], atol=1e-6)


def test_long_rows_are_refused_before_anything_is_predicted(trained):
    with pytest.raises(SpecError, match="E526"):
        trained.predict({"tokens": [[1] * 13, [2]]})


TAGS = """
data sentences {{
  source = arrays()
{buckets}  words : f32[..12, 4]
  tags  : i32[..12]
}}

model Tagger {{
  input words : f32[..12, 4]
  output tag = words -> dense(3, softmax)
}}

train {{
  model     = Tagger
  data      = sentences
  loss      = sparse_categorical_crossentropy(tags, tag)
  metrics   = {metrics}
  optimizer = sgd(0.1)
  batch     = 8
}}
"""


@pytest.mark.parametrize("buckets", ["", "  buckets = [2, 7, 12]\n"])
def test_losses_and_metrics_of_ragged_labels_count_their_steps(buckets):
    """Whatever batches there are; also where an example has fewer labels than steps."""
    rng = np.random.default_rng(0)
    lengths = (0, 12, *rng.integers(0, 13, 38))
    words = [rng.normal(size=(n, 4)).astype(np.float32) for n in lengths]
    tags = [rng.integers(0, 3, n) for n in (0, 9, *lengths[2:])]
    metrics = """{
    sparse_categorical_accuracy: sparse_categorical_accuracy(tags, tag),
    entropy: 1.0 * sparse_categorical_crossentropy(tags, tag)
  }"""
    run = kspec.compile_text(TAGS.format(buckets=buckets, metrics=metrics)).init()
    found = run.evaluate({"words": words, "tags": tags})
    scores = run.predict({"words": words})["tag"]
    steps = np.concatenate([scores[i, : len(row)] for i, row in enumerate(tags)])
    labels = np.concatenate(tags).astype(int)
    loss = -np.log(steps[np.arange(len(labels)), labels]).mean()
    own = {"loss": loss, "sparse_categorical_accuracy": (steps.argmax(-1) == labels).mean()}
    assert found == pytest.approx({**own, "entropy": loss}, abs=1e-6)


@pytest.mark.parametrize(
    "metric",
    ["mean_iou(tags, argmax(tag, axis=-1), num_classes=3)", "hinge(cast(tags, f32), tag[..., 0])"],
)
def test_a_metric_that_does_not_know_steps_takes_no_ragged_labels(metric):
    with pytest.raises(SpecError) as caught:
        kspec.compile_text(TAGS.format(buckets="", metrics=f"[{metric}]"))
    assert "cannot leave out the time steps that are padding" in caught.value.render()


def test_frozen_parts_of_batches_that_differ_in_length_stay_in_the_step():
    layers = '  steps = x -> dense(400, tanh, name="wide") -> dense(400) -> dense(5)'
    text = spec("[3, 12]", 'npz("texts.npz")', layers)
    frozen = ", ".join(f"freeze {name}" for name in ("embedding", "wide", "dense", "dense_1"))
    text = text.replace("  epochs    = 3\n", f"  phase head {{ epochs = 3, {frozen} }}\n")
    stage = kspec.compile_text(text).compiled.stages["cache_frozen"]
    assert "trunk_head" not in {func.name for func in stage.module.funcs}
    assert any("batches differ in length" in remark.text for remark in stage.remarks)
