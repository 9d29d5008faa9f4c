"""Data larger than memory: rows stay in the file, and come to the device ahead of their turn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import kspec
from kspec.data import mapped
from kspec.data.dataset import Split, load
from kspec.data.mapped import Mapped, in_file, release, some
from kspec.data.npy import read_npy
from kspec.runtime import feed
from kspec.runtime.ahead import ahead

SPEC = """
data points {
  source = npy(x="x.npy", label="label.npy")
  split  = { train: 80%, validation: 20% }
  x : f32[6]
  label : class[3]
}
model Net {
  input  x : f32[6]
  output y = x -> dense(8, relu) -> dense(3, softmax)
}
train {
  model     = Net
  data      = points
  loss      = sparse_categorical_crossentropy(label, y)
  metrics   = [sparse_categorical_accuracy(label, y)]
  optimizer = adam(1e-2)
  batch     = 16
  epochs    = 2
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    np.save(tmp_path / "x.npy", rng.normal(size=(500, 6)).astype(np.float32))
    np.save(tmp_path / "label.npy", rng.integers(0, 3, 500))
    (tmp_path / "points.kspec").write_text(SPEC)
    return tmp_path


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch):
    """As if memory were small: all mapped arrays are large, read 600 bytes of the file at once."""
    monkeypatch.setattr(mapped, "LARGE", 0)
    monkeypatch.setattr(mapped, "_SPAN", 600)
    monkeypatch.setattr(feed, "HOST_BYTES", 0)
    monkeypatch.setattr(feed, "SENT", 3 * 16 * 28 + 1)  # three batches


@pytest.mark.usefixtures("small")
def test_rows_are_those_of_the_array(folder: Path):
    whole = np.load(folder / "x.npy")
    array = in_file(read_npy(folder / "x.npy", "x.npy"))
    assert isinstance(array, Mapped)
    rows = np.random.default_rng(1).permutation(500)[:300]
    part = some(array, rows)
    assert isinstance(part, Mapped)
    again = np.array([7, 3, 3, 299])
    last = some(part, again)
    for seen, wanted in ((array, whole), (part, whole[rows]), (last, whole[rows[again]])):
        assert (len(seen), seen.shape, seen.nbytes) == (len(wanted), wanted.shape, wanted.nbytes)
        np.testing.assert_array_equal(seen[np.array([3, 0, 2, 3])], wanted[[3, 0, 2, 3]])
        np.testing.assert_array_equal(seen[1:4], wanted[1:4])
        np.testing.assert_array_equal(seen[1], wanted[1])
        np.testing.assert_array_equal(np.concatenate([seen, seen]), np.concatenate([wanted] * 2))
        assert seen.max() == wanted.max()  # by a copy


def test_small_arrays_and_arrays_in_memory_stay_as_they_are(folder: Path):
    array = read_npy(folder / "x.npy", "x.npy")
    assert in_file(array) is array
    in_memory = np.zeros(3)
    release(in_memory)
    assert in_file(in_memory) is in_memory


def test_what_was_written_to_a_mapping_is_not_given_back(tmp_path: Path):
    array = np.memmap(tmp_path / "a", np.int32, "w+", shape=(4096,))
    array[:] = 5
    release(array)
    assert array.sum() == 5 * 4096


def trained(folder: Path) -> tuple[dict[str, np.ndarray], list[float]]:
    """The weights, and all numbers of the history."""
    run = kspec.compile(folder / "points.kspec").init()
    run.fit(quiet=True)
    splits = [line[split] for line in run.history for split in ("train", "validation")]
    return run.weights, [number for split in splits for number in split.values()]


def test_training_is_that_of_data_in_memory(folder: Path, request: pytest.FixtureRequest):
    weights, numbers = trained(folder)
    request.getfixturevalue("small")
    data = kspec.compile(folder / "points.kspec").compiled.program.data
    assert data is not None
    split = load(data.declaration, folder, data.places).splits["train"]
    assert all(isinstance(array, Mapped) for name, array in split.arrays.items() if name == "x")
    from_file, numbers_from_file = trained(folder)
    for path, weight in weights.items():
        np.testing.assert_array_equal(from_file[path], weight)
    # Sums of other groups of batches.
    np.testing.assert_allclose(numbers_from_file, numbers, rtol=1e-6)


def test_what_is_made_ahead_comes_in_order():
    begun: list[int] = []

    def maker(number: int):
        def make() -> int:
            begun.append(number)
            return number

        return make

    seen: list[int] = []
    for number in ahead(maker(each) for each in range(5)):
        assert len(begun) <= number + 2
        seen.append(number)
    assert seen == begun == [0, 1, 2, 3, 4]


def test_a_mistake_ahead_is_raised_in_its_turn():
    def fail() -> int:
        raise OSError("gone")

    made = ahead([lambda: 1, fail, lambda: 3])
    assert next(made) == 1
    with pytest.raises(OSError, match="gone"):
        next(made)


def test_dispatches_of_data_that_is_sent_are_small():
    """A dispatch has the batches that 64 MiB hold, and at least one."""
    rows = {"x": np.zeros((64, 1024), np.float32)}
    sent = feed.Feed({"train": Split(rows, {})}, limit=0)
    assert not sent.resident
    assert sent.most_steps(1024) == 16
    assert sent.most_steps(16) == feed.MOST_STEPS
    assert sent.most_steps(10**6) == 1
    assert feed.Feed({"train": Split(rows, {})}).most_steps(1024) == feed.MOST_STEPS
