"""What layers learn is kept by its content: once learned, it is learned again after a change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kspec
from kspec.runtime import learned

TEXT = """
data d {{
  source = arrays()
  review : str
  age : f32[2]
  pay : f32
  y : f32[1]
}}

model Net {{
  input review : str
  input age : f32[2]
  input pay : f32
  words = review -> text_vectorization({vocab}, output_mode=tf_idf{more})
  steps = expand_dims(pay{before} -> discretization(num_bins=3) -> cast(f32), -1)
  output z = concatenate(words, age -> normalization, steps) -> dense({units}, relu) -> dense(1)
}}

train {{
  model = Net
  data = d
  loss = mean_squared_error(y, z)
  optimizer = {optimizer}
}}
"""
ARGUMENTS = {"vocab": "6", "more": "", "before": "", "units": "2", "optimizer": "sgd(0.1)"}


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.fixture(name="learnings")
def _learnings(monkeypatch) -> list[int]:
    """The sizes of the splits that were gone through."""
    found: list[int] = []
    learn: Any = learned._learn

    def counted(executable: Any, stats: Any, split: Any) -> Any:
        found.append(len(split))
        return learn(executable, stats, split)

    monkeypatch.setattr(learned, "_learn", counted)
    return found


def data(**changed: Any) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    arrays: dict[str, Any] = {
        "review": np.array(["a good one", "bad", "a bad one, größe", "good"] * 3),
        "age": rng.normal(30, 9, (12, 2)).astype(np.float32),
        "pay": rng.normal(3, 1, 12).astype(np.float32),
        "y": rng.normal(size=(12, 1)).astype(np.float32),
    }
    return {"train": arrays | changed}


def trained(arrays: dict[str, Any], **changed: str) -> Any:
    text = TEXT.format(**(ARGUMENTS | changed))
    return kspec.compile_text(text).fit(arrays, quiet=True)


def state(run: Any) -> Any:
    """All that a run has learned, layers before training and weights in it."""
    return run.tables, {path: array.tolist() for path, array in run.weights.items()}


def test_a_second_run_does_not_go_through_the_split_again(learnings):
    first = state(trained(data()))
    assert learnings == [12]
    assert first[0]["text_vectorization.vocabulary"] == ("one", "good", "bad", "a", "größe")
    assert state(trained(data())) == first
    assert learnings == [12]


@pytest.mark.parametrize(
    "changed",
    [
        {"review": np.array(["a good one", "bad", "a bad one, größe", "Good."] * 3)},
        {"age": data()["train"]["age"] + np.float32(1e-5)},
        {"pay": data()["train"]["pay"][::-1]},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_changed_data_is_learned_from_anew(learnings, changed):
    trained(data())
    trained(data(**changed))
    assert learnings == [12, 12]


@pytest.mark.parametrize(
    "changed",
    [{"vocab": "5"}, {"more": ", ngrams=2"}, {"before": " * 2"}],
    ids=["an argument", "another argument", "what comes before"],
)
def test_a_changed_layer_learns_anew(learnings, changed):
    trained(data())
    trained(data(), **changed)
    assert learnings == [12, 12]


def test_what_has_no_say_in_learning_may_change(learnings):
    trained(data())
    y = data()["train"]["y"] + 1
    trained(data(y=y), units="7", optimizer="adam")
    assert learnings == [12]


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_a_damaged_file_is_found_and_made_anew(learnings, tmp_path, damage):
    first = state(trained(data()))
    (file,) = (tmp_path / "kspec" / learned.FOLDER).iterdir()
    whole = file.read_bytes()
    middle = len(whole) // 2
    file.write_bytes(
        {
            "cut": whole[:middle],
            "flipped": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
            "empty": b"",
        }[damage]
    )
    assert state(trained(data())) == first
    assert learnings == [12, 12]
    assert file.read_bytes() == whole


def test_a_home_that_nothing_can_be_written_to_does_no_harm(learnings, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    first = state(trained(data()))
    assert state(trained(data())) == first
    assert learnings == [12, 12]


def test_programs_with_functions_of_python_files_learn_each_time(learnings, tmp_path):
    (tmp_path / "twice.py").write_text("def twice(x):\n    return 2 * x\n", encoding="utf-8")
    head = 'extern "twice.py:twice" : f32[T] -> f32[T]\n'
    text = head + TEXT.format(**ARGUMENTS).replace("age -> norm", "age -> twice -> norm")
    spec = Path(tmp_path / "net.kspec")
    spec.write_text(text, encoding="utf-8")
    for _ in range(2):
        kspec.compile(spec, allow_extern=True).fit(data(), quiet=True)
    assert learnings == [12, 12]
    assert not (tmp_path / "kspec" / learned.FOLDER).exists()
