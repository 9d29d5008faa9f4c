"""`text_windows`: windows of bytes and characters, and the tokens behind them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kspec.data.text_windows import WindowTable
from kspec.ir import Call
from kspec.registry import make
from tests.data.harness import dataset, refused, shown

TEXT = "to be, or not to be:\r\nthat is the question — größer\n"
ALPHABET = "".join(sorted(set(TEXT), reverse=True))


@pytest.fixture
def folder(tmp_path) -> Path:
    """A spec's folder with a text."""
    (tmp_path / "a.txt").write_bytes(TEXT.encode())
    return tmp_path


def opened(folder: Path, length: int = 5, **args: object) -> WindowTable:
    """An open table."""
    source = make("source", Call("text_windows", {"path": "a.txt", "length": length, **args}))
    assert source.check() is None
    return source.open(folder)


def windows(table: Any) -> tuple[list[list[int]], list[list[int]]]:
    """All windows, and the tokens behind theirs."""
    rows = table.read(np.arange(len(table)), ("tokens", "next_tokens"))
    return rows["tokens"].tolist(), rows["next_tokens"].tolist()


def cut(tokens: list[int], length: int, stride: int) -> tuple[list[list[int]], list[list[int]]]:
    """The same, by hand."""
    starts = range(0, len(tokens) - length, stride)
    return (
        [tokens[start : start + length] for start in starts],
        [tokens[start + 1 : start + 1 + length] for start in starts],
    )


@pytest.mark.parametrize("stride", [None, 1, 3, 5, 8, 1000])
@pytest.mark.parametrize("length", [1, 5, len(TEXT.encode()) - 1])
def test_windows_are_of_bytes(folder, length, stride):
    given = windows(opened(folder, length, stride=stride))
    assert given == cut(list(TEXT.encode()), length, stride or length)


@pytest.mark.parametrize("part", [2**20, 7, 1])
def test_windows_are_of_characters_with_an_alphabet(folder, part, monkeypatch):
    monkeypatch.setattr("kspec.data.text_windows._PART", part)
    table = opened(folder, alphabet=ALPHABET)
    assert windows(table) == cut([ALPHABET.index(each) for each in TEXT], 5, 5)
    assert table.place(2, "tokens") == "`a.txt`, from character 10"
    assert windows(opened(folder)) == cut(list(TEXT.encode()), 5, 5)
    assert opened(folder).place(2, "tokens") == "`a.txt`, from byte 10"


def test_rows_are_gathered_in_their_order(folder):
    table = opened(folder, stride=2)
    rows = table.read(np.array([4, 0, 4]), ("tokens",))["tokens"]
    text = list(TEXT.encode())
    assert rows.tolist() == [text[8:13], text[:5], text[8:13]]
    assert table.columns["tokens"].shape == (5,) and table.columns["tokens"].dtype == "i32"


def test_the_data_block_takes_tokens(folder):
    call = Call("text_windows", {"path": "a.txt", "length": 5})
    split = {"train": 0.5, "validation": 0.5}
    data = dataset(folder, call, split, tokens="i32[5]", next_tokens="i32[5]")
    train = data.splits["train"].arrays
    np.testing.assert_array_equal(train["tokens"][:, 1:], train["next_tokens"][:, :-1])
    wrong = refused(dataset, folder, call, split, tokens="i32[6]")
    assert wrong.code == "E505"
    missing = refused(dataset, folder, call, split, target="i32[5]")
    assert missing.code == "E504" and "`tokens`, `next_tokens`" in shown(missing)


def test_tokens_of_large_files_are_kept(folder, cache, monkeypatch):
    monkeypatch.setattr("kspec.data.text_windows.SMALL", 0)
    first = windows(opened(folder, alphabet=ALPHABET))
    (kept,) = (cache / "tokens").iterdir()
    with monkeypatch.context() as patch:
        patch.setattr("kspec.data.text_windows._PART", None)  # nothing is read again
        assert windows(opened(folder, alphabet=ALPHABET)) == first
    good = kept.read_bytes()
    for content in (good[:-1], good[:200] + b"?" + good[201:], b""):
        kept.write_bytes(content)
        assert windows(opened(folder, alphabet=ALPHABET)) == first
        assert kept.read_bytes() == good
    assert windows(opened(folder)) != first
    assert len(list((cache / "tokens").iterdir())) == 2


def test_the_fingerprint_is_of_content_and_windows(folder):
    first = opened(folder).fingerprint()
    (folder / "a.txt").touch()
    assert opened(folder).fingerprint() == first
    others = [
        opened(folder, 4),
        opened(folder, stride=2),
        opened(folder, alphabet=ALPHABET),
        opened(folder, alphabet=ALPHABET[::-1]),
    ]
    (folder / "a.txt").write_text(TEXT + ".")
    others.append(opened(folder))
    assert len({first, *(table.fingerprint() for table in others)}) == 6


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ({"length": 0}, "length must be at least 1"),
        ({"stride": 0}, "stride must be at least 1"),
        ({"alphabet": ""}, "alphabet is empty"),
        ({"alphabet": "abca"}, "alphabet has 'a' twice"),
    ],
)
def test_arguments_make_sense(args, reason):
    assert (
        make("source", Call("text_windows", {"path": "a", "length": 3, **args})).check() == reason
    )


def test_bad_files_are_refused(folder):
    size = len(TEXT.encode())
    mistake = shown(refused(opened, folder, size))
    assert f"`a.txt` cannot be read: it has {size} bytes, and a window and the" in mistake
    assert f"behind it take {size + 1}" in mistake
    mistake = shown(refused(opened, folder, alphabet=ALPHABET.replace("q", "")))
    assert "`a.txt` cannot be read: line 2: 'q' is not in the alphabet" in mistake
    (folder / "a.txt").write_bytes(b"to be\nor not\xff\n" * 3)
    assert "it is not UTF-8 text" in shown(refused(opened, folder, alphabet=ALPHABET))
    (folder / "a.txt").write_bytes(b"")
    assert "it has 0 bytes" in shown(refused(opened, folder))
    assert "it has 0 characters" in shown(refused(opened, folder, alphabet="a"))
    assert refused(opened, folder / "nowhere").code == "E501"


def test_a_character_in_a_later_part_has_its_line(folder, monkeypatch):
    monkeypatch.setattr("kspec.data.text_windows._PART", 4)
    (folder / "a.txt").write_text("ab\nab\nab\nab\nac\n")
    mistake = shown(refused(opened, folder, alphabet="ab\n"))
    assert "line 5: 'c' is not in the alphabet" in mistake
