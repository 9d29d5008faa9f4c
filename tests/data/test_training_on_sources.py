"""One epoch from each source of files, from the command line, twice: the second from the cache."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile
from click.testing import CliRunner

from kspec.cli import main

SPEC = """\
data examples {
  source = SOURCE
  split  = { train: 75%, validation: 25% }
  x : f32[3]
  label : class
}

model Net {
  input x : f32[3]
  output kind = x -> dense(2, softmax)
}

train {
  model     = Net
  data      = examples
  loss      = sparse_categorical_crossentropy(label, kind)
  optimizer = adam
  batch     = 8
  epochs    = 1
}
"""


def spec(source: str, **changes: str) -> str:
    """The spec with that source, and other changes."""
    text = SPEC.replace("SOURCE", source)
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


def examples() -> tuple[np.ndarray, list[str]]:
    """Three numbers and a word, forty times."""
    x = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    return x, ["up" if total > 0 else "down" for total in x.sum(1)]


def jsonl(folder: Path) -> str:
    rows = [{"x": x.tolist(), "label": y} for x, y in zip(*examples(), strict=True)]
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return spec('jsonl("a.jsonl")')


def npy(folder: Path) -> str:
    x, y = examples()
    np.save(folder / "x.npy", np.asfortranarray(x))
    np.save(folder / "y.npy", np.array(y))
    return spec('npy(x="x.npy", label="y.npy")')


def parquet(folder: Path) -> str:
    x, y = examples()
    (folder / "shards").mkdir()
    for name, part in (("b", slice(25, 40)), ("a", slice(0, 25))):
        columns = {"x": list(x[part]), "label": pa.array(y[part]).dictionary_encode()}
        pq.write_table(pa.table(columns), folder / "shards" / f"{name}.parquet")
    return spec('parquet("shards")')


def hdf5(folder: Path) -> str:
    x, y = examples()
    with h5py.File(folder / "a.h5", "w") as file:
        file.create_dataset("train/x", data=x, chunks=(8, 3), compression="gzip")
        file["train/label"] = y
    return spec('hdf5("a.h5", x="train/x", label="train/label")')


def audio_folder(folder: Path) -> str:
    for number, label in enumerate(examples()[1]):
        path = folder / "sounds" / label / f"{number}.{'flac' if number % 2 else 'wav'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        sign = 1 if label == "up" else -1
        soundfile.write(path, np.linspace(0, sign * number / 50, 20), 8000)
    source = 'audio_folder("sounds", output_sequence_length=16)'
    return spec(
        source, **{"x -> dense": "audio -> flatten -> dense", "x : f32[3]": "audio : f32[16, 1]"}
    )


def text_folder(folder: Path) -> str:
    for number, label in enumerate(examples()[1]):
        path = folder / "texts" / label / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"the word is {label}")
    words = "text -> text_vectorization(10, output_mode=multi_hot) -> dense"
    return spec('text_folder("texts")', **{"x -> dense": words, "x : f32[3]": "text : str"})


def text_windows(folder: Path) -> str:
    (folder / "a.txt").write_text("abc " * 100)
    layers = "embedding(4, 3) -> gru(5, return_sequences=true) -> dense(4, softmax)"
    changes = {
        "x : f32[3]\n  label : class": "tokens : i32[8]\n  next_tokens : i32[8]",
        "x : f32[3]": "tokens : i32[8]",
        "x -> dense(2, softmax)": f"tokens -> {layers}",
        "crossentropy(label": "crossentropy(next_tokens",
    }
    return spec('text_windows("a.txt", 8, stride=3, alphabet=" abc")', **changes)


WRITERS = [jsonl, npy, parquet, hdf5, audio_folder, text_folder, text_windows]


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_an_epoch(write: Callable[[Path], str], tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("kspec.data.parsed.SMALL", 0)
    monkeypatch.setattr("kspec.data.text_windows.SMALL", 0)
    (tmp_path / "net.kspec").write_text(write(tmp_path))
    losses: list[float] = []
    for _ in range(2):
        done = CliRunner().invoke(main, ["run", "net.kspec", "--quiet", "--json"])
        assert done.exit_code == 0, done.output
        losses.append(json.loads(done.stdout)["metrics"]["validation"]["loss"])
    assert np.isfinite(losses[0]) and losses[0] == losses[1]
    if "label : class\n" in (tmp_path / "net.kspec").read_text():
        run = next((tmp_path / "runs" / "net").iterdir())
        assert json.loads((run / "run.json").read_text())["class_names"] == {
            "label": ["down", "up"]
        }
