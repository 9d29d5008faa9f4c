"""Sources: what they read, and what they refuse."""

from __future__ import annotations

import gzip
import io
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

TESTED = {"arrays", "csv", "digits", "idx", "npy", "npz"}  # csv has a module of its own
TESTED |= {"image_folder", "jsonl", "parquet", "hdf5", "audio_folder"}  # and these, too
TESTED |= {"text_folder", "text_windows"}


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


def header(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", npy(np.arange(6)).replace(b"}", b"\0"))


def words(path: Path) -> None:
    path.write_bytes(b"this is no archive")


def times(path: Path) -> None:
    np.savez(path, x=np.array(["2026-01-01"], dtype="datetime64[D]"))


@pytest.mark.parametrize("write", [bomb, objects, truncated, damaged, scalar, header, words, times])
def test_bad_archives_are_refused(tmp_path, write):
    write(tmp_path / "a.npz")
    mistake = refused(opened, tmp_path, "npz", path="a.npz")
    assert mistake.code == "E502"
    assert "a.npz" in shown(mistake)


# --- npy


def written(folder: Path, array: np.ndarray, name: str = "x.npy") -> Path:
    """A file of that array."""
    np.save(folder / name, array)
    return folder / name


GRID = np.arange(24, dtype=np.float32).reshape(4, 3, 2)


def test_npy_maps_a_file_behind_each_field(tmp_path):
    written(tmp_path, GRID)
    written(tmp_path, np.array(["a", "bc", "d", "e"]), "y.npy")
    table = opened(tmp_path, "npy", image="x.npy", label="y.npy")
    whole = table.read(np.arange(4), ("image", "label"))
    assert isinstance(whole["image"], np.memmap) and whole["label"].tolist()[1] == "bc"
    np.testing.assert_array_equal(whole["image"], GRID)
    some = table.read(np.array([2, 0, 2]), ("image",))["image"]
    np.testing.assert_array_equal(some, GRID[[2, 0, 2]])
    assert table.columns["image"].shape == (3, 2) and table.columns["image"].dtype == "f32"
    assert table.place(3, "label") == "`y.npy`, row 3 of `label`"
    assert refused(opened, tmp_path, "npy").code == "E504"
    outside = refused(opened, tmp_path, "npy", x="../x.npy")
    assert outside.code == "E503"


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray(GRID),
        GRID.astype(">f4"),
        np.asfortranarray(GRID.astype(">f4")),
    ],
    ids=["columns first", "big-endian", "both"],
)
def test_npy_gives_the_same_whatever_the_order_of_bytes(tmp_path, array):
    written(tmp_path, array)
    table = opened(tmp_path, "npy", x="x.npy")
    given = table.read(np.arange(4), ("x",))["x"]
    np.testing.assert_array_equal(given, GRID)
    assert given.dtype == np.dtype("=f4")
    some = table.read(np.array([3, 1]), ("x",))["x"]
    np.testing.assert_array_equal(some, GRID[[3, 1]])
    found = table.fingerprint()
    written(tmp_path, GRID)
    assert opened(tmp_path, "npy", x="x.npy").fingerprint() == found
    written(tmp_path, GRID + 1)
    assert opened(tmp_path, "npy", x="x.npy").fingerprint() != found


def test_npy_fingerprints_are_the_same_in_parts(tmp_path, monkeypatch):
    written(tmp_path, GRID)
    whole = opened(tmp_path, "npy", x="x.npy").fingerprint()
    monkeypatch.setattr("kspec.data.arrays._PART", 40)
    assert opened(tmp_path, "npy", x="x.npy").fingerprint() == whole


def npy(array: np.ndarray) -> bytes:
    """An array as a NumPy file."""
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


NPY = npy(np.arange(6.0).reshape(3, 2))


@pytest.mark.parametrize(
    ("content", "code", "reason"),
    [
        (b"", "E502", "does not start as a .npy file does"),
        (b"PK\x03\x04 an archive", "E502", "does not start as a .npy file does"),
        (NPY[:9], "E502", "its header is damaged"),
        (NPY[:50], "E502", "its header is damaged"),
        (NPY.replace(b"}", b"\0"), "E502", "its header is damaged"),
        (NPY.replace(b"'descr'", b"'bescr'"), "E502", "its header is damaged"),
        (NPY[:-1], "E502", "its header promises 48 bytes of data, and 47 follow"),
        (NPY + b"x", "E502", "its header promises 48 bytes of data, and 49 follow"),
        (NPY.replace(b"(3, 2)", b"(3,99)"), "E502", "promises 2,376 bytes of data, and 48 follow"),
        (NPY.replace(b"(3, 2)", b"(-3,2)"), "E502", "its header is damaged"),
        (NPY.replace(b"(3, 2)", b"(2**9)"), "E502", "its header is damaged"),
        (NPY.replace(b"'<f8'", b"'<f9'"), "E502", "its header is damaged"),
        (NPY[:6] + b"\2" + NPY[7:], "E502", "its header is damaged"),
        (npy(np.array([None, {}])), "E502", "it holds Python objects, which could run code"),
        (npy(np.float32(3)), "E502", "it is a single value and has no rows"),
        (npy(np.zeros(3, "M8[D]")), "E502", "it holds datetime64[D], which no field can be"),
        (npy(np.zeros(3, [("a", "i4")])), "E502", "which no field can be"),
        (npy(np.zeros((0, 2))), "E509", "no rows"),
    ],
    ids=range(18),
)
def test_bad_npy_files_are_refused(tmp_path, content, code, reason):
    (tmp_path / "x.npy").write_bytes(content)
    mistake = refused(opened, tmp_path, "npy", x="x.npy")
    assert mistake.code == code
    assert reason in shown(mistake) and ("x.npy" in shown(mistake) or code == "E509")


def test_npy_files_have_one_length(tmp_path):
    written(tmp_path, GRID)
    written(tmp_path, GRID[:3], "y.npy")
    mistake = refused(opened, tmp_path, "npy", x="x.npy", y="y.npy")
    assert mistake.code == "E510" and "`x` has 4, `y` has 3" in shown(mistake)


@pytest.mark.parametrize("name", ["npy", "npz", "idx"])
@pytest.mark.parametrize("value", [3, ("a", "b"), True])
def test_what_stands_for_a_field_is_a_name(name, value):
    path = {"path": "a.npz"} if name == "npz" else {}
    assert make("source", Call(name, {**path, "x": value})).check() == "x must be a name"


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
