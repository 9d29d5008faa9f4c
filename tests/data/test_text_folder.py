"""`text_folder`: texts and classes from folders, and what is no text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kspec.ir import Call
from kspec.registry import make
from tests.data.harness import dataset, refused, shown

TEXTS = {"bad/b.txt": "so dull\n", "bad/deep/a.TXT": "", "good/a.txt": "größer\r\nbesser 𝄞"}


@pytest.fixture
def folder(tmp_path) -> Path:
    """A spec's folder with texts of two classes."""
    for name, text in TEXTS.items():
        path = tmp_path / "reviews" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    (tmp_path / "reviews" / "good" / "b.md").write_text("no text file")
    (tmp_path / "reviews" / "good" / ".c.txt").write_text("hidden")
    (tmp_path / "reviews" / "readme").touch()
    return tmp_path


def opened(folder: Path, **args: object):
    """An open table."""
    return make("source", Call("text_folder", {"path": "reviews", **args})).open(folder)


def texts(folder: Path, **args: object) -> np.ndarray:
    """All texts."""
    table = opened(folder, **args)
    return table.read(np.arange(len(table)), ("text",))["text"]


def test_sub_folders_are_classes_and_files_texts(folder):
    table = opened(folder)
    rows = table.read(np.arange(3), ("text", "label"))
    assert rows["text"].tolist() == list(TEXTS.values())
    np.testing.assert_array_equal(rows["label"], [0, 0, 1])
    assert table.columns["label"].names == ("bad", "good")
    assert [table.place(row, "text") for row in range(3)] == [f"`reviews/{name}`" for name in TEXTS]
    some = table.read(np.array([2, 0]), ("text",))["text"]
    assert some.tolist() == ["größer\r\nbesser 𝄞", "so dull\n"]
    data = dataset(
        folder, Call("text_folder", {"path": "reviews"}), {"train": 1.0}, text="str", label="class"
    )
    assert data.splits["train"].class_names == {"label": ("bad", "good")}
    assert set(opened(folder, path="reviews/good").columns) == {"text"}


def test_texts_are_cut_by_characters(folder):
    assert texts(folder, max_length=3).tolist() == ["so ", "", "grö"]
    source = make("source", Call("text_folder", {"path": "reviews", "max_length": 0}))
    assert source.check() == "max_length must be at least 1"


def test_a_mark_of_byte_order_is_no_text(folder):
    (folder / "reviews" / "good" / "a.txt").write_bytes(b"\xef\xbb\xbfwell")
    assert texts(folder)[2] == "well"


def test_texts_are_kept_and_a_damaged_cache_is_made_anew(folder, cache, monkeypatch):
    first = np.array(texts(folder))
    (kept,) = (cache / "texts").iterdir()
    with monkeypatch.context() as patch:
        patch.setattr("kspec.data.text_folder.arrays_of", None)  # nothing is read again
        again = texts(folder)
    assert isinstance(again, np.memmap) and again.tolist() == first.tolist()
    del again
    good = kept.read_bytes()
    for content in (good[:-1], good[:200] + b"?" + good[201:], b""):
        kept.write_bytes(content)
        assert texts(folder).tolist() == first.tolist()
        assert kept.read_bytes() == good
    monkeypatch.setattr("kspec.data.text_folder._PART", 1)
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    assert texts(folder).tolist() == first.tolist()


def test_the_fingerprint_is_of_the_content(folder):
    first = opened(folder).fingerprint()
    (folder / "reviews" / "bad" / "b.txt").touch()
    assert opened(folder).fingerprint() == first
    assert opened(folder, max_length=3).fingerprint() != first
    (folder / "reviews" / "bad" / "b.txt").write_text("so fine\n")
    assert opened(folder).fingerprint() != first
    assert texts(folder)[0] == "so fine\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"caf\xe9 au lait", "it is not UTF-8 text (byte 3)"), (b"a\0b", "the character U+0000")],
)
def test_what_is_no_text_is_named(folder, content, reason):
    (folder / "reviews" / "good" / "c.txt").write_bytes(content)
    mistake = refused(opened, folder)
    assert mistake.code == "E502"
    assert "`reviews/good/c.txt` cannot be read" in shown(mistake) and reason in shown(mistake)


def test_folders_and_links_are_as_those_of_images(folder, tmp_path_factory):
    (folder / "reviews" / "lost.txt").touch()
    assert "none of the 2 classes" in shown(refused(opened, folder))
    (folder / "reviews" / "lost.txt").unlink()
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.txt").write_text("secret")
    (folder / "reviews" / "good" / "link.txt").symlink_to(outside / "secret.txt")
    assert refused(opened, folder).code == "E503"
    (folder / "reviews" / "good" / "link.txt").unlink()
    (folder / "reviews" / "fair").mkdir()
    mistake = shown(refused(opened, folder))
    assert "`reviews/fair` cannot be read: it has no text files" in mistake
    assert "it has no text files (.txt)" in shown(refused(opened, folder, path="reviews/fair"))


def test_more_than_memory_and_changes_are_refused(folder, monkeypatch):
    table = opened(folder)
    (folder / "reviews" / "bad" / "b.txt").write_text("so fine\n")
    mistake = shown(refused(table.read, np.arange(3), ("text",)))
    assert "`reviews/bad/b.txt` cannot be read: it was changed" in mistake
    monkeypatch.setattr("kspec.data.packed.memory", lambda: 100)
    mistake = shown(refused(opened, folder))
    assert "`reviews` cannot be read: its columns would take 192 bytes" in mistake
