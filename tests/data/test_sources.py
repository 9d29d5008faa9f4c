"""Sources: what they read, and what they refuse."""

from __future__ import annotations

import gzip
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from kspec.data.idx import TYPES, read_idx
from kspec.ir import Call
from kspec.registry import make, names
from tests.data.harness import refused, shown

TESTED = {"arrays", "csv", "digits", "idx", "npz"}  # csv has a module of its own
TESTED |= {"image_folder"}  # and this one, too


def test_every_source_has_tests():
    assert set(names("source")) == TESTED


def opened(folder: Path, name: str, **args: object):
    """A source, opened."""
    return make("source", Call(name, args)).open(folder)


# --- digits


def test_digits_are_those_of_scikit_learn(tmp_path):
    table = opened(tmp_path, "digits")
    rows = table.read(np.arange(len(table)), ("image", "label"))
    original = load_digits()
    np.testing.assert_array_equal(rows["image"], original.images)
    np.testing.assert_array_equal(rows["label"], original.target)
    assert rows["image"].dtype == np.uint8
    assert len(table) == 1797


def test_arrays_come_from_python_alone(tmp_path):
    assert refused(opened, tmp_path, "arrays").code == "E512"


# --- npz


def test_npz_gives_its_members_or_the_named_ones(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", x=np.arange(6).reshape(3, 2), y=np.ones(3, ">f4"))
    table = opened(tmp_path, "npz", path="a.npz")
    assert set(table.columns) == {"x", "y"}
    rows = table.read(np.array([2, 0]), ("x", "y"))
    np.testing.assert_array_equal(rows["x"], [[4, 5], [0, 1]])
    assert rows["y"].dtype == np.dtype("=f4")
    renamed = opened(tmp_path, "npz", path="a.npz", image="x")
    assert set(renamed.columns) == {"image"}
    missing = refused(opened, tmp_path, "npz", path="a.npz", image="z")
    assert "`z`" in shown(missing) and "`x`, `y`" in shown(missing)


def bomb(path: Path) -> None:
    """A small archive that says it unpacks to a terabyte."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", b"\0" * 64)
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = data.index(signature) + offset
        data[at : at + 4] = struct.pack("<I", 0xFFFFFFF0)
    path.write_bytes(data)


def objects(path: Path) -> None:
    np.savez(path, x=np.array([{"a": 1}, None], dtype=object))


def truncated(path: Path) -> None:
    np.savez(path, x=np.arange(1000))
    path.write_bytes(path.read_bytes()[:-200])


def damaged(path: Path) -> None:
    np.savez_compressed(path, x=np.arange(10_000))
    data = bytearray(path.read_bytes())
    data[100:140] = b"\xff" * 40
    path.write_bytes(data)


def scalar(path: Path) -> None:
    np.savez(path, x=np.float32(3))


def words(path: Path) -> None:
    path.write_bytes(b"this is no archive")


def times(path: Path) -> None:
    np.savez(path, x=np.array(["2026-01-01"], dtype="datetime64[D]"))


@pytest.mark.parametrize("write", [bomb, objects, truncated, damaged, scalar, words, times])
def test_bad_archives_are_refused(tmp_path, write):
    write(tmp_path / "a.npz")
    mistake = refused(opened, tmp_path, "npz", path="a.npz")
    assert mistake.code == "E502"
    assert "a.npz" in shown(mistake)


# --- idx


def idx(array: np.ndarray, code: int) -> bytes:
    """An array as an IDX file."""
    head = bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(TYPES[code]).tobytes()


@pytest.mark.parametrize("code", TYPES)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_idx_reads_every_type_plain_and_packed(tmp_path, code, pack):
    array = np.arange(24).reshape(4, 3, 2)
    (tmp_path / "a").write_bytes(pack(idx(array, code)))
    given = read_idx(tmp_path / "a", "a")
    np.testing.assert_array_equal(given, array)
    assert given.dtype == np.dtype(TYPES[code]).newbyteorder("=")


def test_idx_puts_a_file_behind_each_field(tmp_path):
    (tmp_path / "i.gz").write_bytes(gzip.compress(idx(np.zeros((5, 2, 2)), 0x08)))
    (tmp_path / "l").write_bytes(idx(np.arange(5), 0x08))
    table = opened(tmp_path, "idx", image="i.gz", label="l")
    assert table.columns["image"].shape == (2, 2)
    assert table.place(3, "label") == "`l`, row 3 of `label`"
    assert refused(opened, tmp_path, "idx").code == "E504"


GOOD = idx(np.arange(6).reshape(3, 2), 0x08)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "does not start as an IDX file does"),
        (b"\1" + GOOD[1:], "does not start as an IDX file does"),
        (GOOD[:2] + b"\x07" + GOOD[3:], "does not start as an IDX file does"),
        (GOOD[:9], "its header is cut off"),
        (GOOD[:3] + b"\0", "its header is cut off"),
        (GOOD[:-1], "promises 6 bytes of data, and 5 follow"),
        (GOOD + b"\0", "promises 6 bytes of data, and 7 follow"),
        (b"\0\0\x08\x04" + b"\xff" * 16, "its header promises"),
        (gzip.compress(GOOD, mtime=0)[:-6], ""),
        (gzip.compress(GOOD, mtime=0)[:20] + b"\0" * 20, ""),
    ],
)
def test_bad_idx_files_are_refused(tmp_path, content, reason):
    (tmp_path / "a.idx").write_bytes(content)
    mistake = refused(read_idx, tmp_path / "a.idx", "a.idx")
    assert mistake.code == "E502"
    assert reason in shown(mistake) and "a.idx" in shown(mistake)
