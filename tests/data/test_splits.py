"""Splits: sizes, rows, sources of their own, and what a run remembers of them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from kspec.data.dataset import (
    DataDeclaration,
    declaration_from_json,
    declaration_to_json,
    load,
)
from kspec.ir import Call
from tests.data.harness import dataset, field, refused

SOURCE = Call("npz", {"path": "a.npz"})


@pytest.fixture
def folder(tmp_path):
    np.savez(tmp_path / "a.npz", row=np.arange(101))
    return tmp_path


def rows(data) -> dict[str, list[int]]:
    return {name: split.arrays["row"].tolist() for name, split in data.splits.items()}


@pytest.mark.parametrize(
    ("split", "sizes"),
    [
        ({"train": 1.0}, {"train": 101}),
        (
            {"train": 0.8, "validation": 0.1, "test": 0.1},
            {"train": 81, "validation": 10, "test": 10},
        ),
        (
            {"train": 1 / 3, "validation": 1 / 3, "test": 1 / 3},
            {"train": 34, "validation": 34, "test": 33},
        ),
        ({"train": 0.5, "test": 0.25}, {"train": 51, "test": 25}),
    ],
)
def test_sizes_are_exact_and_parts_are_apart(folder, split, sizes):
    parts = rows(dataset(folder, SOURCE, split, row="i32"))
    assert {name: len(part) for name, part in parts.items()} == sizes
    together = [row for part in parts.values() for row in part]
    assert len(set(together)) == len(together)


def test_the_choice_of_rows_depends_on_the_seed_alone(folder):
    declared = (field("row", "i32"),)

    def choice(seed: int):
        split = {"train": 0.5, "test": 0.5}
        return rows(load(DataDeclaration(declared, SOURCE, split, seed), folder))

    assert choice(0) == choice(0)
    assert choice(0) != choice(1)
    assert choice(0)["test"] != list(range(50, 101)), "rows are chosen by chance, not by place"


def test_a_part_without_rows_is_refused(folder):
    mistake = refused(dataset, folder, SOURCE, {"train": 0.999, "test": 0.001}, row="i32")
    assert mistake.code == "E511"


def test_parts_may_have_sources_of_their_own(folder):
    np.savez(folder / "b.npz", row=np.arange(7) + 500)
    other = Call("npz", {"path": "b.npz"})
    parts = rows(dataset(folder, SOURCE, {"train": 0.9, "test": other}, row="i32"))
    assert len(parts["train"]) == 91
    assert parts["test"] == list(range(500, 507))
    alone = rows(dataset(folder, None, {"train": other, "test": SOURCE}, row="i32"))
    assert list(alone) == ["train", "test"]
    assert len(alone["test"]) == 101


def test_words_of_classes_mean_the_same_in_every_part(folder):
    np.savez(folder / "train.npz", kind=np.array(["a", "b", "c"]))
    np.savez(folder / "test.npz", kind=np.array(["c", "a"]))
    np.savez(folder / "other.npz", kind=np.array(["d"]))
    split = {name: Call("npz", {"path": f"{name}.npz"}) for name in ("train", "test")}
    data = dataset(folder, None, split, kind="class")
    assert data.splits["test"].arrays["kind"].tolist() == [2, 0]
    split["test"] = Call("npz", {"path": "other.npz"})
    assert refused(dataset, folder, None, split, kind="class").code == "E513"


def test_a_declaration_survives_json():
    declaration = DataDeclaration(
        (field("x", "f32[2,3]"), field("k", "class"), field("l", "class[4]"), field("t", "str")),
        Call("csv", {"path": "a.csv", "delimiter": ",", "x": ("a", "b")}),
        {"train": 0.8, "test": Call("idx", {"x": "t.gz"})},
        seed=3,
    )
    text = json.dumps(declaration_to_json(declaration))
    assert declaration_from_json(json.loads(text)) == declaration


def test_the_fingerprint_is_of_the_content(folder):
    split = {"train": 1.0}
    before = dataset(folder, SOURCE, split, row="i32").fingerprint
    assert dataset(folder, SOURCE, split, row="i32").fingerprint == before
    np.savez_compressed(folder / "a.npz", row=np.arange(101))
    assert dataset(folder, SOURCE, split, row="i32").fingerprint == before
    np.savez(folder / "a.npz", row=np.arange(101)[::-1])
    assert dataset(folder, SOURCE, split, row="i32").fingerprint != before
