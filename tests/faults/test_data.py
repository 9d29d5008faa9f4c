"""Bad data of every format is a mistake that names file and row, before anything is trained."""

from __future__ import annotations

import struct
import wave
from io import BytesIO

import numpy as np
import pytest

import kspec
from kspec.data.batches import BatchPlan
from kspec.data.dataset import load
from kspec.data.declaration import DataDeclaration
from kspec.diagnostics import SpecError
from kspec.ir import Call
from tests.data.conftest import picture
from tests.data.harness import dataset, refused, shown
from tests.faults.bad_data import SPEC, Bad, all_cases
from tests.faults.catalog import fault
from tests.faults.formats import FORMATS, ROWS, csv, good, npz
from tests.faults.runs import do

CASES = all_cases()


@pytest.fixture(scope="module")
def declared() -> DataDeclaration:
    """What the spec declares, with what its model looks up and scores."""
    data = kspec.compile_text(SPEC).bundle().plan.data
    assert data is not None
    return data


@pytest.mark.parametrize("format", FORMATS)
def test_the_table_is_good_before(format, declared, tmp_path):
    call = FORMATS[format](tmp_path, good())
    arrays = load(declared.replace(source=call), tmp_path).splits["train"].arrays
    assert {name: arrays[name].tolist() for name in good()} == good()


def test_there_are_many_cases_of_each_fault():
    assert len(CASES) >= 120
    assert len({str(case) for case in CASES}) == len(CASES)
    assert {case.fault for case in CASES} == {f"F{n}" for n in (24, 25, 26, 27, 28, 29, 30, 32, 34)}


def count(number: str) -> str:
    """How many cases of a fault there are."""
    formats = [case.format for case in CASES if case.fault == number]
    return f"{len(formats)} files in {len(set(formats))} formats: "


NAMED = "a mistake that names file and row, column or line, before a step"


@fault("F24", count("F24") + "a sample weight is negative", NAMED)
@fault("F25", count("F25") + "labels too large, negative, fractions, one-hot", NAMED)
@fault("F26", count("F26") + "a token is too large or negative", NAMED)
@fault("F27", count("F27") + "no rows, or no bytes", "a mistake that names the file")
@fault("F28", count("F28") + "cells, quotes, brackets, encodings, NUL, 10 MB in a cell", NAMED)
@fault(
    "F29", count("F29") + "numbers beyond 32 bits, cut off, pickled", NAMED + "; never unpickled"
)
@fault("F30", count("F30") + "missing values, columns and files, nan and inf", NAMED)
@fault("F32", count("F32") + "a pipe that nobody writes to", "a mistake at once that names it")
@fault("F34", count("F34") + "one column is shorter", "E510 names the columns' lengths")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_bad_data_is_named(case: Bad, declared, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    call = case.make(tmp_path)
    with pytest.raises(SpecError) as caught:
        load(declared.replace(source=call), tmp_path)
    said = [shown(mistake) for mistake in caught.value.diagnostics]
    assert {mistake.code for mistake in caught.value.diagnostics} == {case.code}, said
    assert all(any(words in each for each in said) for words in case.words), said
    assert not (tmp_path / "unpickled").exists()
    try:
        data = load(declared.replace(source=call, skips=True), tmp_path)
    except SpecError:
        return
    assert data.bad
    usable(data.splits["train"].arrays)


def usable(arrays) -> None:
    """Assert that no number is beyond what the program takes."""
    assert all(np.isfinite(array).all() for array in arrays.values())
    assert ((arrays["k"] >= 0) & (arrays["k"] < 3)).all()
    assert ((arrays["t"] >= 0) & (arrays["t"] < 7)).all()
    assert (arrays["w"] >= 0).all()
    assert len({len(array) for array in arrays.values()}) == 1
    assert 1 <= len(arrays["k"]) < ROWS


# --- files in folders


def png() -> bytes:
    """A whole image."""
    stream = BytesIO()
    picture(1).save(stream, "png")
    return stream.getvalue()


def sound(rate: int = 8000, channels: int = 1) -> bytes:
    """A whole sound."""
    stream = BytesIO()
    with wave.open(stream, "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(b"\0\1" * 8)
    return stream.getvalue()


HUGE = png()[:16] + struct.pack(">II", 10**5, 10**5) + png()[24:]
FOLDERS = {
    "image_folder": ("png", png(), {"size": (4, 4)}, {"image": "u8[4,4,3]", "label": "class"}),
    "audio_folder": ("wav", sound(), {}, {"audio": "f32[8,1]", "label": "class"}),
    "text_folder": ("txt", b"words", {}, {"text": "str", "label": "class"}),
}
IN_FOLDERS = [
    *(("image_folder", content) for content in (b"", b"no image", png()[:40], png()[:-30], HUGE)),
    *(("audio_folder", content) for content in (b"", b"no sound", sound()[:30], sound()[:-3])),
    *(("audio_folder", content) for content in (sound(rate=4000), sound(channels=2))),
    *(("text_folder", content) for content in (b"\xff\xfe", b"a\0b")),
]


@fault(
    "F28",
    f"{len(IN_FOLDERS)} images, sounds and texts: empty, cut off, other content, claims too much",
    "a mistake that names the file",
)
@pytest.mark.parametrize(("source", "content"), IN_FOLDERS, ids=range(len(IN_FOLDERS)))
def test_a_bad_file_in_a_folder_is_named(source, content, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    ending, whole, args, types = FOLDERS[source]
    for name in ("a/0", "a/1", "b/0", "b/1"):
        path = tmp_path / "files" / f"{name}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(whole)
    call = Call(source, {"path": "files", **args})
    assert len(dataset(tmp_path, call, {"train": 1.0}, **types).splits["train"]) == 4
    path.write_bytes(content)
    mistake = refused(dataset, tmp_path, call, {"train": 1.0}, **types)
    assert mistake.code == "E502"
    assert f"`files/b/1.{ending}`" in shown(mistake)


# --- what is odd, and no mistake


def trained(columns, batch: int = 8):
    """The spec's run after two epochs on these columns; that its numbers are numbers."""
    run = kspec.compile_text(SPEC.replace("sgd(0.1)", f"sgd(0.1)\n  batch = {batch}")).init()
    arrays = {name: np.array(values) for name, values in columns.items()}
    run.fit({"train": arrays}, epochs=2, quiet=True)
    assert all(np.isfinite(np.asarray(weight)).all() for weight in run.weights.values())
    assert np.isfinite(run.history[-1]["train"]["loss"])
    return run


@fault("F24", "all sample weights are 0", "the loss is 0, and no weight becomes nan")
def test_weights_that_are_all_zero():
    run = trained({**good(), "w": [0.0] * ROWS})
    assert run.history[-1]["train"]["loss"] == 0


@fault("F24", "a class has no example", "it trains")
def test_a_class_without_examples():
    trained({**good(), "k": [n % 2 for n in range(ROWS)]})


@fault("F27", "one row; fewer rows than a batch", "one batch with what there is")
@pytest.mark.parametrize("rows", [1, 3])
def test_fewer_rows_than_a_batch(rows):
    run = trained({name: values[:rows] for name, values in good().items()})
    assert int(run.state["step"]) == 2


@fault("F27", "a part of a split would have no rows", "E511 names it")
def test_a_part_without_rows(declared, tmp_path):
    call = npz(tmp_path, good())
    parts = declared.replace(source=call, split={"train": 0.99, "test": 0.01})
    mistake = refused(load, parts, tmp_path)
    assert mistake.code == "E511" and "`test`" in shown(mistake)


@fault("F28", "CRLF, a byte order mark, blank lines, no line end at the end", "the same rows")
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n"])
def test_forms_of_a_table(bom, end, declared, tmp_path):
    call = csv(tmp_path, good())
    text = (tmp_path / "a.csv").read_bytes()
    (tmp_path / "a.csv").write_bytes(bom + text.strip().replace(b"\n", end))
    arrays = load(declared.replace(source=call), tmp_path).splits["train"].arrays
    assert {name: arrays[name].tolist() for name in good()} == good()


@fault("F29", "big-endian numbers, Fortran order, types of 8 to 64 bits", "the same numbers")
@pytest.mark.parametrize("whole", [">i8", "<i2", ">u4", "u1"])
@pytest.mark.parametrize("float_", [">f8", ">f4", "f2"])
def test_forms_of_arrays(whole, float_, declared, tmp_path):
    grid = np.asfortranarray(np.arange(24.0).reshape(12, 2)).astype(float_, order="F")
    types = {"k": whole, "t": whole, "x": float_, "w": float_}
    columns = {name: np.array(values).astype(types[name]) for name, values in good().items()}
    np.savez(tmp_path / "a.npz", grid=grid, **columns)
    call = Call("npz", {"path": "a.npz"})
    arrays = load(declared.replace(source=call), tmp_path).splits["train"].arrays
    assert {name: arrays[name].tolist() for name in good()} == good()
    found = dataset(tmp_path, call, {"train": 1.0}, grid="f32[2]").splits["train"].arrays["grid"]
    assert found.tolist() == np.arange(24.0).reshape(12, 2).tolist()


@fault("F30", "the columns stand in another order where a run predicts", "they are taken by name")
def test_columns_in_another_order(folder):
    place = folder.parents[2]
    (place / "one.csv").write_text("a,b\n1,2\n3,4\n")
    (place / "two.csv").write_text("b,c,a\n2,9,1\n4,9,3\n")
    said = []
    for name in ("one.csv", "two.csv"):
        done = do(place, "predict", str(folder), "--input", name, "--output", f"out-{name}")
        assert done.returncode == 0, done.stderr
        said.append((place / f"out-{name}").read_text())
    assert said[0] == said[1]
    (place / "three.csv").write_text("a,c\n1,9\n")
    done = do(place, "predict", str(folder), "--input", "three.csv", "--output", "out.csv")
    assert done.returncode == 1 and "`b`" in done.stderr


CONSTANT = """\
data d {
  source = arrays()
  x : f32[2]
  y : f32[1]
}

model Net {
  input x : f32[2]
  output z = x -> normalization -> dense(1)
}

train {
  model     = Net
  data      = d
  loss      = mean_squared_error(y, z)
  optimizer = sgd(0.1)
}
"""


@fault("F33", "a column that is normalized is constant", "all numbers stay finite")
def test_a_constant_column_is_normalized():
    x = np.stack([np.full(ROWS, 7.0), np.arange(ROWS)], axis=1).astype(np.float32)
    run = kspec.compile_text(CONSTANT).init()
    run.fit({"train": {"x": x, "y": x[:, 1:]}}, epochs=1, quiet=True)
    assert np.isfinite(run.history[-1]["train"]["loss"])
    assert np.isfinite(run.predict({"x": x})["z"]).all()


@fault("F34", "rows are split, stratified, left out and shuffled", "columns stay together")
@pytest.mark.parametrize("skips", [False, True])
@pytest.mark.parametrize("stratify", ["", "k"])
def test_columns_stay_together(declared, tmp_path, skips, stratify):
    rows = np.arange(300)
    columns = {"x": rows / 2, "k": rows % 3, "t": rows % 7, "w": rows + 1.0}
    if skips:
        columns["x"][10] = np.nan
        columns["k"][[20, 21]] = 9
    np.savez(tmp_path / "a.npz", **columns)
    split = {"train": 0.7, "validation": 0.3}
    source = Call("npz", {"path": "a.npz"})
    said = declared.replace(source=source, split=split, skips=skips, stratify=stratify)
    data = load(said, tmp_path)
    assert len(data.bad) == (3 if skips else 0)
    for part in data.splits.values():
        together(part.arrays)
    train = data.splits["train"].arrays
    plan = BatchPlan(len(train["x"]), 32, 0, True)
    batches, mask = plan.indices(1, 0, plan.steps)
    for batch in batches:
        together({name: array[batch] for name, array in train.items()})
    assert sorted(batches[mask > 0]) == list(range(len(train["x"])))


def together(arrays) -> None:
    """Assert that the columns of each row are of one row."""
    row = np.round(arrays["x"] * 2)
    assert (arrays["k"] == row % 3).all() and (arrays["t"] == row % 7).all()
    assert (arrays["w"] == row + 1).all()
