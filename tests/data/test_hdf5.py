"""HDF5: what datasets become, and files that point elsewhere or claim too much."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from kspec.diagnostics.errors import PackageMissing
from kspec.ir import Call
from kspec.registry import make
from tests.data.harness import dataset, refused, shown

GRID = np.arange(24, dtype=np.float32).reshape(4, 3, 2)
DATASETS: dict[str, Any] = {
    "f32": GRID,
    "big": GRID.astype(">f8"),
    "f16": GRID.astype("f2"),
    "u8": np.array([0, 255, 3, 4], np.uint8),
    "i64": np.array([-1, 2**60, 3, 4]),
    "yes": np.array([True, False, False, True]),
    "text": ["über", "", "a", "𝄞"],
    "words": ["über", "a", "a", "𝄞"],
    "fixed": np.array([b"a", b"bcd", b"", b"e"]),
    "train/x": GRID + 1,
    "train/deep/y": np.arange(4),
}


def opened(folder: Path, **args: object):
    """An open table."""
    return make("source", Call("hdf5", {"path": "a.h5", **args})).open(folder)


def column(table: Any, name: str) -> np.ndarray:
    """A whole column."""
    return table.read(np.arange(len(table)), (name,))[name]


@pytest.fixture
def file(tmp_path) -> Path:
    """A folder with a file that has every kind of dataset."""
    with h5py.File(tmp_path / "a.h5", "w") as root:
        for name, values in DATASETS.items():
            root[name] = values
        root.create_dataset("packed", data=GRID, chunks=(2, 3, 2), compression=9, shuffle=True)
    return tmp_path


def test_every_kind_of_dataset_is_read(file):
    table = opened(file)
    types = {name: (each.dtype, each.shape) for name, each in table.columns.items()}
    assert types == {
        **{name: ("f32", (3, 2)) for name in ("f32", "packed", "train/x")},
        "big": ("f64", (3, 2)),
        "f16": ("f16", (3, 2)),
        **{name: (name, ()) for name in ("u8", "i64")},
        "yes": ("bool", ()),
        "text": ("str", ()),
        "words": ("str", ()),
        "fixed": ("str", ()),
        "train/deep/y": ("i64", ()),
    }
    for name, values in DATASETS.items():
        wanted = [text.decode() for text in values] if name == "fixed" else values
        np.testing.assert_array_equal(column(table, name), wanted, err_msg=name)
    np.testing.assert_array_equal(column(table, "packed"), GRID)
    assert column(table, "big").dtype == np.dtype("=f8")
    some = table.read(np.array([2, 0, 2]), ("packed", "text"))
    np.testing.assert_array_equal(some["packed"], GRID[[2, 0, 2]])
    assert some["text"].tolist() == ["a", "über", "a"]
    assert table.place(2, "text") == "`a.h5`, row 2 of `text`"


def test_datasets_are_read_in_parts(file, monkeypatch):
    monkeypatch.setattr("kspec.data.hdf5._PART", 30)
    monkeypatch.setattr("kspec.data.hdf5._TEXT_ROWS", 3)
    table = opened(file)
    for name in ("f32", "text", "i64"):
        np.testing.assert_array_equal(column(table, name), DATASETS[name])


def test_fields_take_datasets_in_groups(file):
    table = opened(file, image="train/x", label="train/deep/y")
    assert set(table.fields) == {"image", "label"}
    np.testing.assert_array_equal(column(table, "image"), GRID + 1)
    call = Call("hdf5", {"path": "a.h5", "image": "train/x", "label": "words"})
    split = dataset(file, call, {"train": 1.0}, image="f32[3,2]", label="class").splits["train"]
    assert split.class_names == {"label": ("a", "über", "𝄞")}
    call = Call("hdf5", {"path": "a.h5", "label": "text"})
    assert "row 1 of `label`" in shown(refused(dataset, file, call, {"train": 1.0}, label="class"))
    missing = refused(opened, file, image="train/xx")
    assert missing.code == "E504" and "similar name: `train/x`" in shown(missing)
    assert make("source", Call("hdf5", {"path": "a", "x": ("a", "b")})).check()


def test_a_second_reading_is_from_the_cache_and_a_damaged_one_is_made_anew(
    file, cache, monkeypatch
):
    names = ("packed", "text")
    first = {name: np.array(column(opened(file), name)) for name in names}
    with monkeypatch.context() as patch:
        patch.setattr("kspec.data.cache._write", None)  # nothing is made again
        for name in names:
            assert isinstance(column(opened(file), name), np.memmap)
            np.testing.assert_array_equal(column(opened(file), name), first[name])
    for kept in (cache / "hdf5").iterdir():
        good = kept.read_bytes()
        for content in (good[:-1], good[:150] + b"?" + good[151:], b""):
            kept.write_bytes(content)
            for name in names:
                np.testing.assert_array_equal(column(opened(file), name), first[name])
            assert kept.read_bytes() == good


def test_the_fingerprint_is_of_the_content(file):
    first = opened(file).fingerprint()
    (file / "a.h5").touch()
    assert opened(file).fingerprint() == first
    assert opened(file, x="f32").fingerprint() != first
    with h5py.File(file / "a.h5", "r+") as root:
        root["u8"][0] = 9
    assert opened(file).fingerprint() != first
    assert column(opened(file), "u8")[0] == 9


# --- what is refused


def external(root: h5py.File) -> None:
    root["x"] = h5py.ExternalLink("secret.h5", "/x")


def soft(root: h5py.File) -> None:
    root["x"] = h5py.SoftLink("/good")


def virtual(root: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "i8")
    layout[:] = h5py.VirtualSource("secret.h5", "x", (4,))
    root.create_virtual_dataset("x", layout)


def outside(root: h5py.File) -> None:
    root.create_dataset("x", (4,), "u1", external=[("/etc/passwd", 0, 4)])


def references(root: h5py.File) -> None:
    root["x"] = np.array([root["good"].ref] * 4, dtype=h5py.ref_dtype)


def ragged(root: h5py.File) -> None:
    root.create_dataset("x", (4,), h5py.vlen_dtype(np.int32))


def records(root: h5py.File) -> None:
    root["x"] = np.zeros(4, [("a", "i4")])


def complex_numbers(root: h5py.File) -> None:
    root["x"] = np.zeros(4, complex)


def scalar(root: h5py.File) -> None:
    root["x"] = 3.0


def nothing(root: h5py.File) -> None:
    root["x"] = h5py.Empty("f4")


def claims(root: h5py.File) -> None:
    root.create_dataset("x", (2**40,), "f4", chunks=(1024,), compression="gzip")


def other_filter(root: h5py.File) -> None:
    root.create_dataset("x", data=np.arange(4), chunks=(4,), compression="lzf")


def texts_in_lists(root: h5py.File) -> None:
    root["x"] = [["a", "b"]] * 4


def cycle(root: h5py.File) -> None:
    group = root.create_group("g")
    group["again"] = group


FAULTS = {
    external: "`/x` is a link, and those are not followed",
    soft: "`/x` is a link, and those are not followed",
    virtual: "`x` is made of other files",
    outside: "`x` is made of other files",
    references: "`x` holds object, and no numbers or texts",
    ragged: "`x` holds object, and no numbers or texts",
    records: "and no numbers or texts",
    complex_numbers: "`x` holds complex128, and no numbers or texts",
    scalar: "`x` is a single value and has no rows",
    nothing: "`x` holds float32, and no numbers or texts",
    claims: "`x` claims 4,398,046,511,104 bytes, and 0 are stored",
    other_filter: "`x` is packed in a way that is not read",
    texts_in_lists: "`x` holds arrays of texts, which no field can be",
    cycle: "too many groups, or groups inside groups",
}


@pytest.mark.parametrize("write", FAULTS, ids=lambda write: write.__name__)
def test_what_is_no_column_is_refused(tmp_path, write):
    with h5py.File(tmp_path / "a.h5", "w") as root:
        root["good"] = np.arange(4)
        write(root)
    call = Call("hdf5", {"path": "a.h5"})
    mistake = refused(dataset, tmp_path, call, {"train": 1.0}, x="f32[5]")
    assert mistake.code == "E502"
    assert "`a.h5` cannot be read" in shown(mistake) and FAULTS[write] in shown(mistake)
    if write not in (external, soft, cycle):
        np.testing.assert_array_equal(column(opened(tmp_path), "good"), np.arange(4))
        assert FAULTS[write] in shown(refused(opened, tmp_path, y="x"))


def test_texts_that_numpy_would_change_are_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as root:
        root["latin"] = np.array([b"a", b"\xfc"])
        root.create_dataset("zero", data=["a", "b"], dtype=h5py.string_dtype(length=5))
        raw = np.array([b"a\0b\0\0", b"a\0\0\0\0"], "S5")
        root["zero"].id.write(h5py.h5s.ALL, h5py.h5s.ALL, raw, root["zero"].id.get_type())
    mistake = shown(refused(column, opened(tmp_path), "latin"))
    assert "`a.h5` cannot be read: `latin` is not UTF-8 text" in mistake
    mistake = shown(refused(column, opened(tmp_path), "zero"))
    assert "`a.h5` cannot be read: row 0: `zero` has the character U+0000" in mistake


def test_datasets_have_one_length(file):
    with h5py.File(file / "a.h5", "r+") as root:
        root["test/x"] = np.arange(3)
    mistake = refused(opened, file, x="f32", y="test/x")
    assert mistake.code == "E510" and "`f32` has 4, `test/x` has 3" in shown(mistake)
    assert len(opened(file, y="test/x")) == 3


def test_damaged_and_empty_files_are_refused(file):
    good = (file / "a.h5").read_bytes()
    for content in (b"", b"words", good[:-100], good[: len(good) // 2], good[8:]):
        (file / "a.h5").write_bytes(content)
        assert "`a.h5` cannot be read: it is no whole HDF5 file" in shown(refused(opened, file))
    with h5py.File(file / "a.h5", "w"):
        pass
    assert refused(opened, file).code == "E509"
    with h5py.File(file / "a.h5", "w") as root:
        root["x"] = np.zeros((0, 3))
    assert refused(opened, file).code == "E509"
    (file / "a.h5").unlink()
    assert refused(opened, file).code == "E501"
    os.mkfifo(file / "a.h5")
    assert "not a regular file" in shown(refused(opened, file))


def test_a_file_that_changes_while_it_is_read_is_refused(file):
    table = opened(file)
    with h5py.File(file / "a.h5", "r+") as root:
        root["u8"][0] = 9
    assert "changed while it was read" in shown(refused(column, table, "u8"))
    with h5py.File(file / "a.h5", "w") as root:
        root["u8"] = h5py.ExternalLink("secret.h5", "/x")
    assert "is a link" in shown(refused(column, table, "u8"))


def test_texts_that_memory_cannot_hold_are_refused(file, monkeypatch):
    monkeypatch.setattr("kspec.data.packed.memory", lambda: 63)
    assert "would take 64 bytes of memory" in shown(refused(column, opened(file), "text"))


def test_without_h5py_the_extra_is_named(file, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    mistake = refused(opened, file)
    assert mistake.code == PackageMissing.code
    assert 'pip install "kspec[hdf5]"' in shown(mistake)
