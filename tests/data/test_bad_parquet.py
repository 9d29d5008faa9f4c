"""Parquet: every fault with its file and row."""

from __future__ import annotations

import datetime
import decimal
import os
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kspec.diagnostics.errors import PackageMissing
from kspec.ir import Call
from tests.data.harness import dataset, refused, shown
from tests.data.test_parquet import COLUMNS, column, opened, write


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (pa.array([1, None, 3]), "row 1: `x` is null"),
        (pa.array(["a", "b", None]), "row 2: `x` is null"),
        (pa.array(["a", None, "a"]).dictionary_encode(), "row 1: `x` is null"),
        (pa.array([None, [1], [2]]), "row 0: `x` is null"),
        (pa.array([[1], None, [2]]), "row 1: `x` is null"),
        (pa.array([[1, 2], [3, None], [2, 2]]), "row 1: `x` has null"),
        (pa.array([[[1, 2]], [None], [[1, 2]]]), "row 1: `x` has null"),
        (pa.array([[], [1], [2]]), "row 0: `x` is an empty list"),
        (pa.array([[[]], [[1]], [[2]]]), "row 0: `x` has an empty list"),
        (pa.array([[1, 2], [1, 2], [1]]), "row 2: `x` is a list of 1; it is one of 2 in the"),
        (pa.array([[[1, 2]], [[1, 2]], [[1]]]), "row 2: `x` has a list of 1; it is one of 2"),
        (pa.array([decimal.Decimal("1.5")] * 3), "`x` holds decimal128(2, 1), which no field"),
        (pa.array([datetime.datetime(2026, 1, 1)] * 3), "`x` holds timestamp[us], which no field"),
        (pa.array([datetime.date(2026, 1, 1)] * 3), "`x` holds date32[day], which no field"),
        (pa.array([{"a": 1}] * 3), "`x` holds struct<a: int64>, which no field"),
        (pa.array([b"a"] * 3), "`x` holds binary, which no field"),
        (pa.array([["a"]] * 3), "`x` holds list<element: string>, which no field"),
        (pa.array([[{"a": 1}]] * 3), "`x` holds list<element: struct<a: int64>>, which"),
        (pa.nulls(3), "`x` holds null, which no field can be"),
        (pa.array(["a", "b\0", "c"]), "row 1: `x` has the character U+0000"),
    ],
    ids=range(20),
)
@pytest.mark.parametrize("parts", [100, 1])
def test_a_bad_column_is_named_where_it_is_used(tmp_path, values, reason, parts, monkeypatch):
    monkeypatch.setattr("kspec.data.parquet._MOST_ROWS", parts)
    monkeypatch.setattr("kspec.data.arrow._TEXT_ROWS", parts)
    write(tmp_path / "a.parquet", {"x": values, "y": pa.array([1, 2, 3])})
    mistake = refused(column, opened(tmp_path), "x")
    assert mistake.code == "E502"
    assert f"`a.parquet` cannot be read: {reason}" in shown(mistake)
    np.testing.assert_array_equal(column(opened(tmp_path), "y"), [1, 2, 3])


def test_a_column_that_no_field_can_be_is_told_before_its_shape(tmp_path):
    write(tmp_path / "a.parquet", {"x": pa.array([decimal.Decimal("1.5")] * 3)})
    source = Call("parquet", {"path": "a.parquet"})
    mistake = refused(dataset, tmp_path, source, {"train": 1.0}, x="f32[3]")
    assert mistake.code == "E502" and "`x` holds decimal128(2, 1)" in shown(mistake)


def test_a_null_in_a_folder_is_named_with_its_file(tmp_path):
    write(tmp_path / "train" / "a.parquet", {"x": pa.array([1, 2])})
    write(tmp_path / "train" / "b.parquet", {"x": pa.array([3, None])})
    mistake = shown(refused(column, opened(tmp_path, "train"), "x"))
    assert "`train/b.parquet` cannot be read: row 1: `x` is null" in mistake


def test_text_that_is_not_utf8_is_refused(tmp_path):
    bad = pa.Array.from_buffers(
        pa.string(), 2, [*pa.array(["a", "b"]).buffers()[:2], pa.py_buffer(b"a\xff")]
    )
    write(tmp_path / "a.parquet", {"x": bad})
    assert "row 1: `x` is not UTF-8 text" in shown(refused(column, opened(tmp_path), "x"))


def whole(folder: Path) -> bytes:
    write(folder / "a.parquet", COLUMNS)
    return (folder / "a.parquet").read_bytes()


def test_damaged_files_are_refused(tmp_path):
    good = whole(tmp_path)
    for content in (b"", b"PAR1", b"words" * 10, good[:-1], good[: len(good) // 2], good[9:]):
        (tmp_path / "a.parquet").write_bytes(content)
        mistake = refused(opened, tmp_path)
        assert mistake.code == "E502" and "`a.parquet` cannot be read" in shown(mistake)
    (tmp_path / "a.parquet").write_bytes(good[:4] + b"\xff" * 20 + good[24:])
    assert refused(column, opened(tmp_path), "i8").code == "E502"


def test_files_of_a_folder_have_the_same_columns(tmp_path):
    write(tmp_path / "t" / "a.parquet", {"x": pa.array([1]), "y": pa.array([1])})
    others = {
        "it has `y`, double, where `t/a.parquet` has `y`, int64": {"x": [1], "y": [1.5]},
        "it has `z`, int64, where `t/a.parquet` has `y`, int64": {"x": [1], "z": [1]},
        "it has no column, where `t/a.parquet` has `y`, int64": {"x": [1]},
        "it has `z`, int64, where `t/a.parquet` has no column": {"x": [1], "y": [1], "z": [1]},
    }
    for reason, columns in others.items():
        write(tmp_path / "t" / "b.parquet", columns)
        mistake = shown(refused(opened, tmp_path, "t"))
        assert f"`t/b.parquet` cannot be read: {reason}" in mistake


def test_files_and_folders_that_are_no_table(tmp_path, tmp_path_factory):
    assert refused(opened, tmp_path).code == "E501"
    (tmp_path / "t").mkdir()
    assert "it has no files that end in .parquet" in shown(refused(opened, tmp_path, "t"))
    (tmp_path / "t" / "year=2026").mkdir()
    mistake = shown(refused(opened, tmp_path, "t"))
    assert "`t/year=2026` cannot be read: it is a folder" in mistake
    (tmp_path / "t" / "year=2026").rmdir()
    write(tmp_path / "t" / "a.parquet", {"x": pa.array([], "i8")})
    assert refused(opened, tmp_path, "t").code == "E509"
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])
    pq.write_table(twice, tmp_path / "a.parquet")
    assert "two columns are called `x`" in shown(refused(opened, tmp_path))
    outside = tmp_path_factory.mktemp("outside")
    write(outside / "secret.parquet", COLUMNS)
    (tmp_path / "t" / "b.parquet").symlink_to(outside / "secret.parquet")
    mistake = refused(opened, tmp_path, "t")
    assert mistake.code == "E503" and "`t/b.parquet`" in shown(mistake)
    (tmp_path / "link").symlink_to(outside)
    for path in ("link", "link/secret.parquet", "../outside", str(outside)):
        assert refused(opened, tmp_path, path).code == "E503"
    os.mkfifo(tmp_path / "pipe.parquet")
    assert "not a regular file" in shown(refused(opened, tmp_path, "pipe.parquet"))


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path):
    table = opened(tmp_path) if whole(tmp_path) else None
    write(tmp_path / "a.parquet", {**COLUMNS, "i8": pa.array([9, 9, 9, 9], pa.int8())})
    mistake = refused(column, table, "i8")
    assert "`a.parquet` cannot be read: it was changed while it was read" in shown(mistake)


def test_texts_that_memory_cannot_hold_are_refused(tmp_path, monkeypatch):
    whole(tmp_path)
    monkeypatch.setattr("kspec.data.packed.memory", lambda: 63)
    assert "would take 64 bytes of memory" in shown(refused(column, opened(tmp_path), "text"))


def test_without_pyarrow_the_extra_is_named(tmp_path, monkeypatch):
    whole(tmp_path)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    mistake = refused(opened, tmp_path)
    assert mistake.code == PackageMissing.code
    assert 'pip install "kspec[parquet]"' in shown(mistake)
