"""Parquet: what columns become, files in folders, and the cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kspec.ir import Call
from kspec.registry import make
from tests.data.harness import dataset, refused, shown

X = np.arange(24, dtype=np.float32).reshape(4, 6)
COLUMNS: dict[str, Any] = {
    "i8": pa.array([1, -2, 3, 4], pa.int8()),
    "u64": pa.array([0, 2**64 - 1, 3, 4], pa.uint64()),
    "f16": pa.array(np.array([0.5, 1, 2, 3], np.float16)),
    "f64": pa.array([0.5, 1e300, -2, 3]),
    "yes": pa.array([True, False, False, True]),
    "text": pa.array(["über", "", "a", "𝄞"]),
    "large": pa.array(["a", "bcd", "", "e"], pa.large_string()),
    "word": pa.array(["red", "blue", "red", "red"]).dictionary_encode(),
    "code": pa.array([7, 9, 7, 7]).dictionary_encode(),
    "fixed": pa.FixedSizeListArray.from_arrays(pa.array(X.ravel()), 6),
    "vector": pa.array(list(X), pa.list_(pa.float32())),
    "large_vector": pa.array(list(X), pa.large_list(pa.float32())),
    "grid": pa.array(X.reshape(4, 2, 3).tolist(), pa.list_(pa.list_(pa.int16(), 3))),
    "bits": pa.array([[True, False]] * 4, pa.list_(pa.bool_())),
    "a.b": pa.array([1, 2, 3, 4]),
    "a": pa.array([5, 6, 7, 8]),
}
TYPES = {
    **{name: (name, ()) for name in ("i8", "u64", "f16", "f64")},
    "yes": ("bool", ()),
    **{name: ("str", ()) for name in ("text", "large", "word")},
    "code": ("i64", ()),
    **{name: ("f32", (6,)) for name in ("fixed", "vector", "large_vector")},
    "grid": ("i16", (2, 3)),
    "bits": ("bool", (2,)),
    **{name: ("i64", ()) for name in ("a", "a.b")},
}


def write(file: Path, columns: dict[str, Any], **options: Any) -> None:
    """A file of columns."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), file, **options)


def opened(folder: Path, path: str = "a.parquet", **args: object):
    """An open table."""
    return make("source", Call("parquet", {"path": path, **args})).open(folder)


def column(table: Any, name: str) -> np.ndarray:
    """A whole column."""
    return table.read(np.arange(len(table)), (name,))[name]


@pytest.fixture(params=[{}, {"row_group_size": 1}, {"compression": "zstd"}, {"version": "1.0"}])
def file(request, tmp_path) -> Path:
    """A folder with a file that has every kind of column."""
    write(tmp_path / "a.parquet", COLUMNS, **request.param)
    return tmp_path


def test_every_kind_of_column_is_read(file):
    table = opened(file)
    if table.known["u64"].dtype == "i64":  # version 1 of the format has no such numbers
        pytest.fail("u64 became i64")
    types = {name: (each.dtype, each.shape) for name, each in table.columns.items()}
    assert types == TYPES
    for name, values in COLUMNS.items():
        wanted = np.array(values.to_pylist())
        np.testing.assert_array_equal(column(table, name), wanted, err_msg=name)
    some = table.read(np.array([2, 0, 2]), ("grid", "text"))
    np.testing.assert_array_equal(some["grid"], X.reshape(4, 2, 3)[[2, 0, 2]])
    assert some["text"].tolist() == ["a", "über", "a"]
    assert table.place(2, "text") == "`a.parquet`, row 2 of `text`"


def shards(folder: Path) -> Path:
    """A folder of four files, one without rows, and what is passed over."""
    for name, part in (("2", [2, 3]), ("0", [0]), ("1", [1]), ("00", [])):
        taken = {name: values.take(pa.array(part, "i8")) for name, values in COLUMNS.items()}
        write(folder / "train" / f"{name}.parquet", taken)
    (folder / "train" / "_SUCCESS").touch()
    (folder / "train" / "readme.md").touch()
    (folder / "train" / ".0.parquet.crc").touch()
    (folder / "train" / ".hidden").mkdir()
    return folder


def test_the_files_of_a_folder_are_one_table(tmp_path):
    table = opened(shards(tmp_path), "train")
    assert len(table) == 4
    for name, values in COLUMNS.items():
        np.testing.assert_array_equal(column(table, name), np.array(values.to_pylist()))
    places = [table.place(row, "i8") for row in range(4)]
    assert [place.split("`")[1] for place in places] == [
        "train/0.parquet",
        "train/1.parquet",
        "train/2.parquet",
        "train/2.parquet",
    ]
    assert places[3].endswith("row 1 of `i8`")


def test_columns_are_read_in_parts(tmp_path, monkeypatch):
    write(tmp_path / "a.parquet", COLUMNS)
    monkeypatch.setattr("kspec.data.parquet._PART", 30)
    monkeypatch.setattr("kspec.data.arrow._TEXT_ROWS", 3)
    monkeypatch.setattr("kspec.data.packed._LARGEST", 5)
    table = opened(tmp_path)
    for name in ("grid", "text", "word", "f64"):
        np.testing.assert_array_equal(column(table, name), np.array(COLUMNS[name].to_pylist()))


def test_the_data_block_takes_fields_and_classes(tmp_path):
    write(tmp_path / "a.parquet", COLUMNS)
    call = Call("parquet", {"path": "a.parquet", "pair": ("f64", "i8"), "kind": "word"})
    data = dataset(tmp_path, call, {"train": 0.5, "test": 0.5}, kind="class", grid="i32[2,3]")
    assert data.splits["train"].class_names == {"kind": ("blue", "red")}
    assert opened(tmp_path, pair=("f64", "i8")).columns["pair"].shape == (2,)
    wrong = refused(dataset, tmp_path, call, {"train": 1.0}, fixed="f32[7]")
    assert wrong.code == "E505" and "f32[6] in the data" in shown(wrong)
    missing = refused(opened, tmp_path, kind="words")
    assert missing.code == "E504" and "similar name: `word`" in shown(missing)
    whole = refused(dataset, tmp_path, call, {"train": 1.0}, i8="f32")
    assert whole.code == "E505"  # its numbers have types
    assert make("source", Call("parquet", {"path": "a", "x": 3})).check()


def test_a_second_reading_is_from_the_cache_and_a_damaged_one_is_made_anew(
    tmp_path, cache, monkeypatch
):
    names = ("vector", "text")
    table = opened(shards(tmp_path), "train")
    first = {name: np.array(column(table, name)) for name in names}
    with monkeypatch.context() as patch:
        patch.setattr("kspec.data.cache._write", None)  # nothing is made again
        again = opened(tmp_path, "train")
        for name in names:
            assert isinstance(column(again, name), np.memmap)
            np.testing.assert_array_equal(column(again, name), first[name])
    for kept in (cache / "parquet").iterdir():
        good = kept.read_bytes()
        for content in (good[:-1], good[:150] + b"?" + good[151:], b""):
            kept.write_bytes(content)
            for name in names:
                np.testing.assert_array_equal(column(opened(tmp_path, "train"), name), first[name])
            assert kept.read_bytes() == good
    (tmp_path / "nothing").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "nothing"))
    for name in names:
        np.testing.assert_array_equal(column(opened(tmp_path, "train"), name), first[name])


def test_the_fingerprint_is_of_the_content(tmp_path):
    def fingerprint(**args: object) -> str:
        return opened(tmp_path, "train", **args).fingerprint()

    shards(tmp_path)
    first = fingerprint()
    (tmp_path / "train" / "0.parquet").touch()
    assert fingerprint() == first and fingerprint(kind="word") != first
    write(tmp_path / "train" / "1.parquet", COLUMNS)
    assert fingerprint() != first
    np.testing.assert_array_equal(column(opened(tmp_path, "train"), "i8"), [1, 1, -2, 3, 4, 3, 4])
