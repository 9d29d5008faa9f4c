"""`on_bad = skip`: bad rows are left out, counted and listed, in every format."""

from __future__ import annotations

import json
import shutil
import wave

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import kspec
from kspec.data.dataset import Dataset, load
from kspec.data.declaration import DataDeclaration
from kspec.data.json_columns import JsonColumn
from kspec.diagnostics import SpecError
from kspec.ir import Call
from kspec.runtime.hooks import Hooks
from kspec.runtime.progress import PlainProgress
from tests.data.conftest import picture
from tests.data.harness import field, refused, shown
from tests.faults.runs import checkpoints, result, resume_in, train_in

WHOLE = {"train": 1.0}


def opened(folder, call: Call, skips: bool = True, split=WHOLE, **types: str) -> Dataset:
    """A declaration that leaves bad rows out, opened."""
    fields = tuple(field(name, type) for name, type in types.items())
    return load(DataDeclaration(fields, call, split, skips=skips), folder)


def column(data: Dataset, name: str) -> list:
    return data.splits["train"].arrays[name].tolist()


def reasons(data: Dataset) -> list[str]:
    return [str(row) for row in data.bad]


def test_bad_lines_of_a_table(tmp_path):
    lines = ["x,n,k", "1,0,a", "abc,1,b", ",1,b", "3,1", "4,2,a", "nan,0,b", "5,1,", "5,1.5,a"]
    lines += ['"a"b,1,a', "6,-1,b", "7,1,b", "", *["8,0,a"] * 9]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    call = Call("csv", {"path": "a.csv", "label": "n"})
    data = opened(tmp_path, call, x="f32", label="class[2]", k="class")
    assert column(data, "x") == [1, 7, *[8] * 9]
    assert column(data, "label") == [0, 1, *[0] * 9]
    assert data.splits["train"].class_names == {"k": ("a", "b")}
    assert reasons(data) == [
        "`a.csv`, line 3: `abc` is not a number",
        "`a.csv`, line 4: `` is not a number",
        "`a.csv`, line 5: it has 2 cells, and there are 3 columns",
        "`a.csv`, line 6: `label` is 2, and its classes are 0 to 1",
        "`a.csv`, line 7: `x` has a value that is nan",
        "`a.csv`, line 8: `` is not the name of a class",
        "`a.csv`, line 9: `1.5` is not a whole number",
        "`a.csv`, line 10: ',' expected after '\"'",
        "`a.csv`, line 11: `label` is -1, and its classes are 0 to 1",
    ]


LINES = [
    '{"x": null, "y": 1}',
    '{"x": 1, "y": 1}',
    "{bad",
    '{"x": "s", "y": 1}',
    '{"x": 1.5, "y": 0}',
    '{"y": 0}',
    "[1]",
    '{"x": 1e999, "y": 0}',
    *['{"x": 3, "y": 0}'] * 8,
]


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
def test_bad_json_lines(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr("kspec.data.jsonl._CHUNK", chunk)
    (tmp_path / "a.jsonl").write_text("\n".join(LINES) + "\n")
    call = Call("jsonl", {"path": "a.jsonl"})
    data = opened(tmp_path, call, x="f32", y="class[2]")
    assert column(data, "x") == [1, 1.5, *[3] * 8]
    assert column(data, "y") == [1, 0, *[0] * 8]
    assert [row.place.split("line ")[1] for row in data.bad] == list("134678")
    assert "`x` is null" in data.bad[0].reason
    assert data.bad[1].reason.startswith("it is no JSON: ")
    assert data.bad[3].reason == "it has no `x`"
    only = opened(tmp_path, call, y="class[2]")  # what no field takes is not asked for
    assert [row.place.split("line ")[1] for row in only.bad] == list("37")


def test_a_json_column_that_begins_late_and_lists(monkeypatch):
    found = JsonColumn("v", lenient=True, before=2)
    found.add([{"v": [1, 2]}, {"v": [1]}, {"v": [3, None]}, {}], [3, 4, 5, 6])
    found.add([{"v": [5, 6]}], [7])
    assert sorted(found.bad) == [0, 1, 3, 4, 5]
    rows = np.concatenate([np.asarray(chunk) for chunk in found.found()])
    assert rows[[2, 6]].tolist() == [[1, 2], [5, 6]] and len(rows) == 7


def test_bad_rows_of_parquet(tmp_path):
    (tmp_path / "a").mkdir()
    for number in range(2):
        rows = {
            "x": pa.array([None, 1.0, 2.0, 3.0, 4.0], pa.float32()),
            "y": pa.array(["a", "b", None, "b", "a"]).dictionary_encode(),
            "v": pa.array([None, [1.0, 2.0], [1.0, 2.0], [1.0], [2.0, 3.0]]),
        }
        pq.write_table(pa.table(rows), tmp_path / "a" / f"{number}.parquet")
    call = Call("parquet", {"path": "a"})
    for _ in range(2):  # the second from the cache
        data = opened(tmp_path, call, x="f32", y="class")
        assert column(data, "x") == [1, 3, 4] * 2
        assert column(data, "y") == [1, 1, 0] * 2
        assert reasons(data) == [
            f"`a/{n}.parquet`, row {row} of `{name}`: `{name}` is null"
            for n in range(2)
            for row, name in ((0, "x"), (2, "y"))
        ]
    lists = opened(tmp_path, call, v="f32[2]")
    assert column(lists, "v") == [[1, 2], [1, 2], [2, 3]] * 2
    with pytest.raises(SpecError, match="null"):
        opened(tmp_path, call, skips=False, x="f32")


def test_bad_rows_of_arrays(tmp_path):
    x = np.array([[1, 2], [np.nan, 1], [3, 4], [np.inf, 1], [5, 6], [7, 8]], np.float32)
    np.savez(tmp_path / "a.npz", x=x, y=np.array([0, 1, 5, 0, 1, 0]), w=[1, 1, 1, 1, -1, 1.0])
    data = opened(tmp_path, Call("npz", {"path": "a.npz"}), x="f32[2]", y="class[2]")
    assert column(data, "x") == [[1, 2], [5, 6], [7, 8]]
    assert [row.place for row in data.bad] == [
        f"`a.npz`, row {row} of `{name}`" for row, name in ((1, "x"), (2, "y"), (3, "x"))
    ]


def test_images_that_cannot_be_decoded(flowers):
    (flowers / "flowers" / "rose" / "a.png").write_bytes(b"no image")
    call = Call("image_folder", {"path": "flowers", "size": (4, 4)})
    for _ in range(2):  # the second from the cache
        data = opened(flowers, call, image="u8[4,4,3]", label="class")
        assert reasons(data) == ["`flowers/rose/a.png`: it is no image of a known format"]
        assert len(column(data, "label")) == 6
        assert min(np.max(image) for image in column(data, "image")) > 0
    picture(3).save(flowers / "flowers" / "rose" / "a.png")
    assert not opened(flowers, call, image="u8[4,4,3]", label="class").bad


def test_sounds_that_cannot_be_decoded(tmp_path):
    for name, rate in (("a/1", 8000), ("a/2", 8000), ("b/1", 8000), ("b/2", 4000), ("b/3", 8000)):
        path = tmp_path / "sounds" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, rate, 0, "NONE", ""))
            file.writeframes(b"\0\1" * 3)
    (tmp_path / "sounds" / "a" / "0.wav").write_bytes(b"no sound")
    data = opened(
        tmp_path, Call("audio_folder", {"path": "sounds"}), audio="f32[3,1]", label="class"
    )
    assert [row.place for row in data.bad] == ["`sounds/a/0.wav`", "`sounds/b/2.wav`"]
    assert "its rate is 4,000" in data.bad[1].reason
    assert column(data, "label") == [0, 0, 1, 1]


def test_more_bad_rows_than_good_ones_are_a_mistake(tmp_path):
    (tmp_path / "a.csv").write_text("x\n1\n2\na\nb\n")
    call = Call("csv", {"path": "a.csv"})
    assert len(opened(tmp_path, call, x="f32").bad) == 2
    (tmp_path / "a.csv").write_text("x\n1\na\nb\n")
    mistake = refused(opened, tmp_path, call, x="f32")
    assert mistake.code == "E519"
    assert "2 of the 3 rows of `a.csv` are bad" in shown(mistake)
    assert "`a.csv`, line 3: `a` is not a number" in shown(mistake)


@pytest.mark.parametrize(
    ("text", "code"),
    [("y\n1\n", "E504"), ("x,x\n1,2\n", "E502"), ('x\n1\n"2\n', "E502"), (b"x\n1\n\xff\n", "E502")],
)
def test_what_is_wrong_with_the_file_stays_a_mistake(tmp_path, text, code):
    (tmp_path / "a.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert refused(opened, tmp_path, Call("csv", {"path": "a.csv"}), x="f32").code == code


def test_splits_are_of_what_is_left_and_the_fingerprint_has_the_setting(tmp_path):
    (tmp_path / "a.csv").write_text("x\n" + "bad\n" + "".join(f"{n}\n" for n in range(10)))
    call, split = Call("csv", {"path": "a.csv"}), {"train": 0.8, "test": 0.2}
    data = opened(tmp_path, call, split=split, x="f32")
    parts = {name: part.arrays["x"].tolist() for name, part in data.splits.items()}
    assert {name: len(part) for name, part in parts.items()} == {"train": 8, "test": 2}
    assert sorted(parts["train"] + parts["test"]) == list(range(10))
    (tmp_path / "a.csv").write_text("x\n" + "".join(f"{n}\n" for n in range(10)))
    skipped, strict = (opened(tmp_path, call, skips, split, x="f32") for skips in (True, False))
    assert skipped.fingerprint != strict.fingerprint
    assert {n: p.arrays["x"].tolist() for n, p in skipped.splits.items()} == parts


SPEC = """\
data points {
  source = csv("points.csv")
  split  = { train: 80%, validation: 20%, stratify: k }
  on_bad = skip
  a : f32
  k : class[2]
}

model Net {
  input a : f32
  output z = a -> reshape((1,)) -> dense(2, softmax)
}

train {
  model     = Net
  data      = points
  loss      = sparse_categorical_crossentropy(k, z)
  optimizer = sgd(0.1)
  batch     = 8
  epochs    = 3
  checkpoint { every = 1steps, keep = 9 }
}
"""
WARNING = """\
warning[W404]: 7 rows cannot be used, and are left out
 --> net.kspec:4:12
  |
4 |   on_bad = skip
  |            ^^^^ asked for here
  |
  = note: `points.csv`, line 42: `x` is not a number
          `points.csv`, line 43: `k` is 5, and its classes are 0 to 1
          `points.csv`, line 44: it has 1 cells, and there are 2 columns
          `points.csv`, line 45: `x0` is not a number
          `points.csv`, line 46: `x1` is not a number
          and 2 more
  = help: `bad_rows.jsonl` in the run folder lists all of them
"""


@pytest.fixture
def spec(tmp_path, monkeypatch):
    """A spec whose data has bad rows."""
    lines = [f"{n / 10},{n % 2}" for n in range(40)]
    lines += ["x,1", "1,5", "1", *(f"x{n},1" for n in range(4))]
    (tmp_path / "points.csv").write_text("\n".join(["a,k", *lines]) + "\n")
    (tmp_path / "net.kspec").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "net.kspec"


def test_a_run_counts_lists_and_resumes(spec, tmp_path):
    folder = train_in(tmp_path, spec)
    about = json.loads((folder / "run.json").read_text())
    assert about["bad_rows"] == 7
    assert about["rows"] == {"train": 32, "validation": 8}
    listed = [json.loads(line) for line in (folder / "bad_rows.jsonl").read_text().splitlines()]
    assert len(listed) == 7
    assert listed[0] == {"place": "points.csv, line 42", "reason": "`x` is not a number"}
    whole = result(folder)
    for checkpoint in checkpoints(folder)[-7:]:
        shutil.rmtree(checkpoint)
    resume_in(folder)
    assert result(folder) == whole


def test_a_run_warns_once(spec, capsys):
    import sys

    run = kspec.compile("net.kspec").init()
    run.train(run.dataset(), PlainProgress(sys.stdout), Hooks())
    assert WARNING in capsys.readouterr().out


@pytest.mark.parametrize("value", ["drop", "true", '"skip"'])
def test_the_setting_has_two_values(value):
    text = SPEC.replace("on_bad = skip", f"on_bad = {value}")
    assert "error or skip" in shown(refused(kspec.compile_text, text))


def test_error_is_the_default(spec):
    spec.write_text(SPEC.replace("skip", "error"))
    run = kspec.compile("net.kspec").init()
    with pytest.raises(SpecError, match="line 44 has 1 cells"):
        run.dataset()
