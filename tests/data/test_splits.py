"""Splits: sizes, rows, sources of their own, and what a run remembers of them."""

from __future__ import annotations

import json

import numpy as np
import pytest

import kspec
from kspec.data.dataset import load
from kspec.data.declaration import DataDeclaration, declaration_from_json, declaration_to_json
from kspec.ir import Call
from tests.data.harness import dataset, field, refused, shown

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


def test_numbers_are_names_where_another_part_has_named_them(folder):
    (folder / "train.csv").write_text("kind\n7\na\nb\n")
    (folder / "test.csv").write_text("kind\n7\n7\n")
    split = {name: Call("csv", {"path": f"{name}.csv"}) for name in ("train", "test")}
    data = dataset(folder, None, split, kind="class[3]")
    assert data.splits["test"].class_names == {"kind": ("7", "a", "b")}
    assert data.splits["test"].arrays["kind"].tolist() == [0, 0]


def test_a_declaration_survives_json():
    declaration = DataDeclaration(
        (field("x", "f32[2,3]"), field("k", "class"), field("l", "class[4]"), field("t", "str")),
        Call("csv", {"path": "a.csv", "delimiter": ",", "x": ("a", "b")}),
        {"train": 0.8, "test": Call("idx", {"x": "t.gz"})},
        seed=3,
        stratify="l",
        folds=(5, 2),
        oversample="k",
        skips=True,
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


def stratified(folder, labels, split, seed=0, type="class") -> dict[str, np.ndarray]:
    """The labels of each part, and the rows, of a split that is stratified by them."""
    np.savez(folder / "k.npz", k=labels, row=np.arange(len(labels)))
    call = Call("npz", {"path": "k.npz"})
    fields = (field("k", type), field("row", "i32"))
    data = load(DataDeclaration(fields, call, split, seed, stratify="k"), folder)
    return {name: part.arrays["row"] for name, part in data.splits.items()}


@pytest.mark.parametrize("seed", range(20))
def test_each_class_keeps_its_share(folder, seed):
    random = np.random.default_rng(seed)
    counts = random.integers(10, 200, 7)
    labels = random.permutation(np.repeat(np.arange(7), counts))
    shares = {"train": 0.8, "validation": 0.1, "test": 0.1}
    parts = stratified(folder, labels, shares, seed)
    for name, part in parts.items():
        assert (np.diff(part) > 0).all(), "in the order of the source"
        for number, count in enumerate(counts):
            size = (labels[part] == number).sum()
            assert size >= 1 and abs(size - shares[name] * count) < 1
        assert abs(len(part) - shares[name] * len(labels)) < 2, "rounding evens out"
    assert sorted(np.concatenate(list(parts.values()))) == list(range(len(labels)))
    again = stratified(folder, labels, shares, seed)
    assert all((parts[name] == again[name]).all() for name in parts)
    other = stratified(folder, labels, shares, seed + 1)
    assert not np.array_equal(parts["test"], other["test"])


def test_small_classes_are_in_each_part_and_shares_need_not_be_all(folder):
    labels = np.repeat([0, 1, 2], [3, 4, 40])
    shares = {"train": 0.8, "validation": 0.1, "test": 0.1}
    parts = stratified(folder, labels, shares)
    counts = {name: np.bincount(labels[part]).tolist() for name, part in parts.items()}
    assert counts == {"train": [1, 2, 32], "validation": [1, 1, 4], "test": [1, 1, 4]}
    half = stratified(folder, labels, {"train": 0.25, "test": 0.25})
    assert {name: np.bincount(labels[part]).tolist() for name, part in half.items()} == {
        "train": [1, 1, 10],
        "test": [1, 1, 10],
    }


def test_a_class_with_fewer_examples_than_parts_is_named(folder):
    labels = np.array(["cat"] * 9 + ["emu"] * 2)
    mistake = refused(stratified, folder, labels, {"train": 0.8, "validation": 0.1, "test": 0.1})
    assert mistake.code == "E520"
    assert "class `emu` of `k` has 2 examples" in shown(mistake)
    numbers = refused(
        stratified, folder, np.array([0, 0, 5]), {"train": 0.5, "test": 0.5}, type="class[6]"
    )
    assert "class 5 of `k` has 1 example" in shown(numbers)


@pytest.mark.parametrize("stratify", ["", "k"])
def test_each_row_is_in_one_fold(folder, stratify):
    labels = np.random.default_rng(0).integers(0, 3, 101)
    np.savez(folder / "k.npz", k=labels, row=np.arange(101))
    fields = (field("k", "class"), field("row", "i32"))
    source, split = Call("npz", {"path": "k.npz"}), {"train": 0.8, "validation": 0.2}
    validated = []
    for fold in range(5):
        declared = DataDeclaration(fields, source, split, 3, stratify=stratify, folds=(5, fold))
        assert declaration_from_json(json.loads(json.dumps(declaration_to_json(declared)))) == (
            declared
        )
        parts = rows(load(declared, folder))
        assert sorted(parts["train"] + parts["validation"]) == list(range(101))
        assert len(parts["validation"]) in (20, 21)
        if stratify:
            counts = np.bincount(labels[parts["validation"]])
            assert (abs(counts - np.bincount(labels) / 5) < 1).all()
        validated += parts["validation"]
    assert sorted(validated) == list(range(101))


def test_more_folds_than_rows_are_refused(folder):
    declared = DataDeclaration(
        (field("row", "i32"),), SOURCE, {"train": 0.99, "validation": 0.01}, folds=(102, 0)
    )
    assert refused(load, declared, folder).code == "E511"


def spec_with(split: str) -> str:
    """A spec with a split."""
    text = f'data d {{\n  source = npz("a.npz")\n  split = {split}\n  x : f32\n  k : class[2]\n}}\n'
    text += "model M {\n  input x : f32\n  output z = x -> reshape((1,)) -> dense(2, softmax)\n}\n"
    text += "train {\n  model = M\n  data = d\n  optimizer = sgd(0.1)\n"
    return text + "  loss = sparse_categorical_crossentropy(k, z)\n}\n"


@pytest.mark.parametrize(
    ("split", "code"),
    [
        ("{ train: 80%, test: 20%, stratify: lable }", "E101"),
        ("{ train: 80%, test: 20%, stratify: x }", "E205"),
        ("{ train: 80%, test: 20%, stratify: 3 }", "E205"),
        ('{ train: npz("a.npz"), stratify: k }', "E406"),
        ("folds(5, stratify=x)", "E205"),
        ("folds(5, stratify=lable)", "E101"),
        ("folds(5, fold=5)", "E406"),
        ("folds(5, fold=-1)", "E406"),
        ("folds(1)", "E406"),
        ("folds(2.5)", "E406"),
        ("folds()", "E406"),
        ("folds(5, seed=1)", "E406"),
        ("folds", "E205"),
    ],
)
def test_what_a_split_is_stratified_by_is_a_label(split, code):
    text = spec_with(split)
    assert refused(kspec.compile_text, text).code == code


def test_a_parameter_chooses_the_fold():
    text = "param which : int = 0\n" + spec_with("folds(4, fold=which, stratify=k)")
    for which in (0, 3):
        data = kspec.compile_text(text, set={"which": which}).bundle().plan.data
        assert data is not None and data.folds == (4, which) and data.stratify == "k"
        assert data.split == {"train": 0.75, "validation": 0.25}
