"""Files of weights that lead elsewhere, claim much, or are damaged: each is a report.

E of the corpus. The good file is written by h5py alone, as Keras writes it.
"""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import kspec
from kspec.data import hdf5_files as hdf5
from kspec.runtime.weights import load_into

SPEC = """model M {
  input x : f32[6]
  output y = x -> dense(7)
}

data d {
  source = arrays()
  x : f32[6]
}

train {
  model     = M
  data      = d
  load ** from "FILE"
  loss      = mean(square(y))
  optimizer = sgd
}
"""
KERNEL, BIAS = np.ones((6, 7), np.float32), np.ones(7, np.float32)


def weights(file: Any) -> Any:
    """The group of a dense layer, its bias in it."""
    group = file.create_group("layers/dense/vars")
    group["1"] = BIAS
    return group


def load(folder: Path, name: str) -> str:
    """The report of a file that is refused; empty where it is read."""
    try:
        run = kspec.compile_text(SPEC.replace("FILE", name), folder=folder).init()
    except kspec.SpecError as error:
        (found,) = error.diagnostics
        assert found.code in ("E502", "E503", "E611")
        return error.render()
    np.testing.assert_array_equal(run.weights["dense.kernel"], KERNEL)
    return ""


def test_the_good_file_is_read(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        weights(file)["0"] = KERNEL
    assert load(tmp_path, "a.h5") == ""


def external_link(group: Any, folder: Path) -> None:
    group["0"] = h5py.ExternalLink(str(folder / "outside.h5"), "/secret")


def soft_link(group: Any, folder: Path) -> None:
    group["2"] = KERNEL
    group["0"] = h5py.SoftLink("/layers/dense/vars/2")


def soft_link_to_nothing(group: Any, folder: Path) -> None:
    group["0"] = h5py.SoftLink("/nowhere")


def external_storage(group: Any, folder: Path) -> None:
    stored = [(str(folder / "outside.raw"), 0, KERNEL.nbytes)]
    group.create_dataset("0", KERNEL.shape, "f4", external=stored)


def virtual(group: Any, folder: Path) -> None:
    layout = h5py.VirtualLayout(KERNEL.shape, "f4")
    layout[:] = h5py.VirtualSource(str(folder / "outside.h5"), "secret", KERNEL.shape)
    group.create_virtual_dataset("0", layout)


def shape_bomb(group: Any, folder: Path) -> None:
    group.create_dataset("0", (2**20, 2**20), "f4", chunks=(1024, 1024), compression="gzip")


def plain_shape_bomb(group: Any, folder: Path) -> None:
    group.create_dataset("0", (2**14, 2**14), "f4")


def nothing_stored(group: Any, folder: Path) -> None:
    group.create_dataset("0", KERNEL.shape, "f4")


def unknown_filter(group: Any, folder: Path) -> None:
    group.create_dataset("0", data=KERNEL, compression="lzf")


def objects(group: Any, folder: Path) -> None:
    group.create_dataset("0", data=np.array(["a", "b"], dtype=object), dtype=h5py.string_dtype())


def references(group: Any, folder: Path) -> None:
    group.create_dataset(
        "0", data=np.array([group.ref], dtype=h5py.ref_dtype), dtype=h5py.ref_dtype
    )


def compound(group: Any, folder: Path) -> None:
    group["0"] = np.zeros(42, [("a", "f4"), ("b", "i4")])


def nothing(group: Any, folder: Path) -> None:
    group.create_dataset("0", data=h5py.Empty("f4"))


def complexes(group: Any, folder: Path) -> None:
    group["0"] = KERNEL.astype(np.complex64)


def group_for_an_array(group: Any, folder: Path) -> None:
    group.create_group("0")["kernel"] = KERNEL


def type_for_an_array(group: Any, folder: Path) -> None:
    group["0"] = np.dtype("f4")


def cycle(group: Any, folder: Path) -> None:
    group["0"] = KERNEL
    group.file["layers/dense/layers"] = group.file["layers"]


def deep(group: Any, folder: Path) -> None:
    group["0"] = KERNEL
    group.file.create_group("layers/sequential" + "/layers/sequential" * 200)


def many(group: Any, folder: Path) -> None:
    group["0"] = KERNEL
    for number in range(2_000):
        group.file.create_group(f"layers/dense_{number + 1}")


HOSTILE: list[tuple[Callable[[Any, Path], None], str]] = [
    (external_link, "is a link"),
    (soft_link, "is a link"),
    (soft_link_to_nothing, "is a link"),
    (external_storage, "is made of other files"),
    (virtual, "is made of other files"),
    (shape_bomb, "claims 4,398,046,511,104 bytes, and 0 are stored"),
    (plain_shape_bomb, "claims 1,073,741,824 bytes, and 0 are stored"),
    (nothing_stored, "claims 168 bytes, and 0 are stored"),
    (unknown_filter, "packed in a way that is not read"),
    (objects, "and no numbers"),
    (references, "and no numbers"),
    (compound, "and no numbers"),
    (nothing, "and no numbers"),
    (complexes, "and no numbers"),
    (group_for_an_array, "is no array"),
    (type_for_an_array, "is no array"),
    (cycle, "too many groups"),
    (deep, "too many groups"),
    (many, "too many groups"),
]


@pytest.mark.parametrize(
    ("write", "reason"), HOSTILE, ids=lambda each: getattr(each, "__name__", "")
)
@pytest.mark.parametrize("ending", ["weights.h5", "keras"])
def test_hostile_files_are_refused(tmp_path, monkeypatch, write, reason, ending):
    monkeypatch.setattr(hdf5, "MOST", 1_000)
    folder = tmp_path / "specs"
    folder.mkdir()
    with h5py.File(tmp_path / "outside.h5", "w") as file:
        file["secret"] = KERNEL
    (tmp_path / "outside.raw").write_bytes(KERNEL.tobytes())
    with h5py.File(folder / "a.weights.h5", "w") as file:
        write(weights(file), tmp_path)
    if ending == "keras":
        with zipfile.ZipFile(folder / "a.keras", "w") as archive:
            archive.write(folder / "a.weights.h5", "model.weights.h5")
            archive.writestr("config.json", "{}")
    report = load(folder, f"a.{ending}")
    assert reason in report


def legacy(file: Any, names: Any, listed: Any) -> None:
    """A file as Keras 2 wrote it."""
    file.attrs["layer_names"] = names
    group = file.create_group("dense")
    group.attrs["weight_names"] = listed
    group["dense/kernel:0"], group["dense/bias:0"] = KERNEL, BIAS


@pytest.mark.parametrize(
    ("names", "listed", "reason"),
    [
        (["dense"], ["dense/kernel:0", "dense/bias:0"], ""),
        (["nowhere"], [], "no weights of layers"),
        (["../outside"], ["secret"], "no weights of layers"),
        (["dense"], ["dense/kernel:0", "dense/../../secret"], "has nothing there"),
        (["dense"], ["/dense/dense/kernel:0"], "has nothing there"),
        (["dense"], ["dense"], "is no array"),
        (["dense"], [""], "has nothing there"),
        (["dense"], ["dense/bias:0", "dense/kernel:0"], "is [7] there"),
        (7, ["dense/kernel:0"], "no weights of layers"),
        (["dense"], 7, "has nothing there"),
        ([b"\xff\xfe"], ["dense/kernel:0"], "no weights of layers"),
    ],
    ids=range(11),
)
def test_lists_of_names_lead_nowhere_else(tmp_path, names, listed, reason):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        legacy(file, names, listed)
    report = load(tmp_path, "a.h5")
    assert reason in report and bool(report) == bool(reason)


def test_no_cut_and_no_flipped_bits_raise_anything_else(tmp_path):
    """With one compiled program for all files."""
    file = tmp_path / "a.h5"
    with h5py.File(file, "w") as root:
        weights(root)["0"] = KERNEL
    good = file.read_bytes()
    run = kspec.compile_text(SPEC.replace('  load ** from "FILE"\n', "")).init()
    rng = np.random.default_rng(0)
    for cut in range(0, len(good), 97):
        file.write_bytes(good[:cut])
        with pytest.raises(kspec.SpecError, match="E502"):
            load_into(run.weights, "", file, {"dense": "dense"})
    refused = 0
    for _ in range(300):
        flipped = bytearray(good)
        flipped[rng.integers(0, 2_000)] ^= 1 << rng.integers(0, 8)
        file.write_bytes(flipped)
        try:
            load_into(run.weights, "", file, {"dense": "dense"})
        except kspec.SpecError:
            refused += 1
    assert refused > 20  # the others hit what is not read, or numbers


def test_links_in_the_file_system_are_followed_no_further_than_the_folder(tmp_path):
    folder = tmp_path / "specs"
    folder.mkdir()
    with h5py.File(tmp_path / "a.h5", "w") as file:
        weights(file)["0"] = KERNEL
    (folder / "a.h5").symlink_to(tmp_path / "a.h5")
    assert "error[E503]" in load(folder, "a.h5")
    os.mkfifo(folder / "b.h5")
    assert "error[E502]" in load(folder, "b.h5")


def test_without_h5py_the_extra_is_named(tmp_path, monkeypatch):
    (tmp_path / "a.h5").touch()
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(kspec.SpecError) as caught:
        kspec.compile_text(SPEC.replace("FILE", "a.h5"), folder=tmp_path).init()
    assert 'pip install "kspec[hdf5]"' in caught.value.render()
