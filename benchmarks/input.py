"""What input costs, source by source.

    python benchmarks/input.py [NAME...] [--seconds 30]

Each source gets made-up data of a usual size, in a temporary folder, and a model that is usual
for such data. It is opened twice: the second time what was parsed or decoded comes from the
cache. Then the model trains on it in two ways that take turns, epoch by epoch: with all data on
the device, which is the default up to 2 GiB on a CPU, and with none, so that each batch is read
and sent. `more` is the median of what an epoch takes longer then than the one beside it; `alone`
is how long its input takes with no training beside it, which training does not wait for unless
the next batch is not there in time. Both are parts of the epoch that sends.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROWS = 20_000
FEWEST = 5  # epochs
COLUMNS = [f"c{number}" for number in range(20)]
RNG = np.random.default_rng(0)

IMAGES = ("image : u8[28, 28]\n  label : class[10]", "u8[28, 28]")
DENSE = "rescaling(1/255) -> flatten -> dense(512, relu) -> dense(10, softmax)"
TABLE = (f"x : f32[{len(COLUMNS)}]\n  label : class[10]", f"f32[{len(COLUMNS)}]")
TABULAR = "dense(256, relu) -> dense(256, relu) -> dense(10, softmax)"
LABEL = "sparse_categorical_crossentropy(label, y)"


def spec(source: str, fields: tuple[str, str], layers: str, loss: str = LABEL) -> str:
    """A training on a source: fields, the first of which is the input, and layers."""
    name = fields[0].split(" ")[0]
    return f"""data d {{
  split = {{ train: {source} }}
  {fields[0]}
}}
model M {{
  input {name} : {fields[1]}
  output y = {name} -> {layers}
}}
train {{
  model = M
  data = d
  loss = {loss}
  optimizer = adam
  batch = 64
}}
"""


def images() -> tuple[Any, Any]:
    """28 x 28 pixels, and classes."""
    return RNG.integers(0, 256, (ROWS, 28, 28), np.uint8), RNG.integers(0, 10, ROWS)


def table() -> dict[str, Any]:
    """Twenty numbers, and classes."""
    columns: dict[str, Any] = {name: RNG.normal(size=ROWS).round(4) for name in COLUMNS}
    return {**columns, "label": RNG.integers(0, 10, ROWS)}


def npz(folder: Path) -> str:
    """The members of an archive."""
    image, label = images()
    np.savez(folder / "a.npz", image=image, label=label)
    return spec('npz("a.npz")', IMAGES, DENSE)


def npy(folder: Path) -> str:
    """A file a field."""
    for name, array in zip(("image", "label"), images(), strict=True):
        np.save(folder / f"{name}.npy", array)
    return spec('npy(image="image.npy", label="label.npy")', IMAGES, DENSE)


def idx(folder: Path) -> str:
    """MNIST's format."""
    image, label = images()
    for name, array in (("image", image), ("label", label.astype(np.uint8))):
        sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
        head = bytes([0, 0, 8, array.ndim]) + sizes
        (folder / f"{name}.idx").write_bytes(head + array.tobytes())
    return spec('idx(image="image.idx", label="label.idx")', IMAGES, DENSE)


def csv(folder: Path) -> str:
    """A table of twenty columns."""
    columns = table()
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    lines = [",".join(columns), *(",".join(map(str, row)) for row in rows)]
    (folder / "a.csv").write_text("\n".join(lines) + "\n")
    return spec(f'csv("a.csv", x={json.dumps(COLUMNS)})', TABLE, TABULAR)


def jsonl(folder: Path) -> str:
    """The same, an object a line."""
    columns = table()
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    lines = (json.dumps(dict(zip(columns, row, strict=True))) for row in rows)
    (folder / "a.jsonl").write_text("\n".join(lines) + "\n")
    return spec(f'jsonl("a.jsonl", x={json.dumps(COLUMNS)})', TABLE, TABULAR)


def parquet(folder: Path) -> str:
    """The same in Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table(table()), folder / "a.parquet")
    return spec(f'parquet("a.parquet", x={json.dumps(COLUMNS)})', TABLE, TABULAR)


def hdf5(folder: Path) -> str:
    """Images in HDF5."""
    import h5py

    with h5py.File(folder / "a.h5", "w") as file:
        for name, array in zip(("image", "label"), images(), strict=True):
            file[name] = array
    return spec('hdf5("a.h5")', IMAGES, DENSE)


def image_folder(folder: Path) -> str:
    """A thousand JPEGs of 320 x 240, made smaller."""
    from PIL import Image

    for number in range(1_000):
        place = folder / "images" / f"class_{number % 10}"
        place.mkdir(parents=True, exist_ok=True)
        small = RNG.integers(0, 256, (24, 24, 3), np.uint8)
        Image.fromarray(small).resize((320, 240)).save(place / f"{number}.jpg")
    fields = ("image : u8[96, 96, 3]\n  label : class[10]", "u8[96, 96, 3]")
    layers = "rescaling(1/255) -> conv2d(16, 3, activation=relu) -> max_pooling2d"
    layers += " -> conv2d(32, 3, activation=relu)"
    layers += " -> global_average_pooling2d -> dense(10, softmax)"
    return spec('image_folder("images", size=(96, 96))', fields, layers)


def audio_folder(folder: Path) -> str:
    """A thousand sounds of a second."""
    import soundfile

    for number in range(1_000):
        place = folder / "sounds" / f"class_{number % 10}"
        place.mkdir(parents=True, exist_ok=True)
        soundfile.write(place / f"{number}.wav", RNG.normal(0, 0.1, 16_000), 16_000)
    fields = ("audio : f32[16000, 1]\n  label : class[10]", "f32[16000, 1]")
    layers = "conv1d(16, 64, strides=16, activation=relu) -> conv1d(32, 3, activation=relu)"
    layers += " -> global_average_pooling1d -> dense(10, softmax)"
    return spec('audio_folder("sounds", output_sequence_length=16_000)', fields, layers)


def text_folder(folder: Path) -> str:
    """Two thousand texts of 150 words."""
    words = [f"word{number}" for number in range(5_000)]
    for number in range(2_000):
        place = folder / "texts" / f"class_{number % 10}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.txt").write_text(" ".join(RNG.choice(words, 150)))
    layers = "text_vectorization(max_tokens=5_000, output_sequence_length=150) -> "
    layers += "embedding(5_000, 64) -> gru(64) -> dense(10, softmax)"
    return spec('text_folder("texts")', ("text : str\n  label : class[10]", "str"), layers)


def text_windows(folder: Path) -> str:
    """Half a megabyte of text."""
    (folder / "a.txt").write_bytes(RNG.integers(32, 127, 500_000, np.uint8).tobytes())
    fields = ("tokens : i32[100]\n  next_tokens : i32[100]", "i32[100]")
    layers = "embedding(256, 64) -> gru(128, return_sequences=true) -> dense(256)"
    loss = "sparse_categorical_crossentropy(next_tokens, y, from_logits=true)"
    return spec('text_windows("a.txt", 100)', fields, layers, loss)


TABLES = (npz, npy, idx, csv, jsonl, parquet, hdf5)
FOLDERS = (image_folder, audio_folder, text_folder, text_windows)
SOURCES: dict[str, Callable[[Path], str]] = {each.__name__: each for each in TABLES + FOLDERS}


def measure(name: str, seconds: float, folder: Path) -> dict[str, float]:
    """Seconds of opening, for the first time and again, of epochs, and of their input alone."""
    import kspec
    from kspec.data.dataset import load
    from kspec.runtime import feed

    (folder / "a.kspec").write_text(SOURCES[name](folder))
    program = kspec.compile(folder / "a.kspec")
    data = program.compiled.program.data
    assert data is not None
    opened, rows = list[float](), 0
    for _ in range(2):
        began = time.perf_counter()
        rows = len(load(data.declaration, folder, data.places).splits["train"])
        opened.append(time.perf_counter() - began)
    limits = {"kept": feed.HOST_BYTES, "sent": 0}
    runs = {way: program.init() for way in limits}
    times: dict[str, list[float]] = {way: [] for way in limits}
    began, turn = 0.0, 0
    while turn <= FEWEST or time.perf_counter() - began < seconds:
        for way in sorted(limits, reverse=turn % 2 == 0):
            feed.HOST_BYTES = limits[way]  # pyright: ignore[reportAttributeAccessIssue]
            runs[way].fit(epochs=1, quiet=True)
            if turn:  # the first epoch compiles
                times[way].append(float(runs[way].history[-1]["seconds"]))
        began, turn = began or time.perf_counter(), turn + 1
    more = [sent - kept for sent, kept in zip(times["sent"], times["kept"], strict=True)]
    return {
        "rows": rows,
        "first": opened[0],
        "again": opened[1],
        "epoch": statistics.median(times["sent"]),
        "more": statistics.median(more),
        "alone": alone(runs["sent"]),
    }


def alone(run: Any) -> float:
    """Seconds that the input of an epoch takes, with nothing beside it."""
    from kspec.runtime.hooks import hooks_of
    from kspec.runtime.loop import input_makers, steps_per_dispatch
    from kspec.runtime.progress import choose
    from kspec.runtime.trainer import Trainer

    trainer = Trainer(run, run.dataset(), choose(True, sys.stderr), hooks_of((), run), None)
    feed, plan = trainer.feed, trainer.plan
    most = feed.most_steps(plan.batch)
    most = steps_per_dispatch(plan.steps, most=most, alone=run.steps_go_alone)
    times: list[float] = []
    for epoch in range(FEWEST):
        began = time.perf_counter()
        for make in input_makers(feed, plan, epoch, 0, most):
            make()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    """Measure each source in a process and with a cache of its own, and print a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("names", nargs="*", metavar="NAME")
    options.add_argument("--seconds", type=float, default=30)
    options.add_argument("--only", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.only:
        print(json.dumps(measure(given.only, given.seconds, Path.cwd())))
        return
    print("| source | examples | first opening | again, from the cache | epoch | more | alone |")
    print("|---|---|---|---|---|---|---|")
    for name in given.names or SOURCES:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, __file__, "--only", name, "--seconds", str(given.seconds)]
            env = {**os.environ, "XDG_CACHE_HOME": str(Path(folder) / "cache")}
            out = subprocess.run(
                command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True, check=True
            ).stdout
        found = json.loads(out.splitlines()[-1])
        rows, epoch = found["rows"], found["epoch"]
        first, again = (f"{rows / found[way]:,.0f} a second" for way in ("first", "again"))
        more, by_itself = (f"{100 * found[way] / epoch:.1f} %" for way in ("more", "alone"))
        print(
            f"| `{name}` | {rows:,} | {first} | {again} | {epoch:.2f} s | {more} | {by_itself} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
