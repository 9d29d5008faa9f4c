"""Files of text are parsed once, and what is kept of them is never trusted blindly."""

from __future__ import annotations

import json

import numpy as np
import pytest

from kspec.data import parsed
from kspec.ir import Call
from kspec.registry import make
from tests.data.harness import refused, shown

ROWS = [{"n": i, "x": i + 0.25, "t": "word" * (i % 5), "v": [i, 2, 3]} for i in range(100)]
TEXTS = {
    "jsonl": "".join(json.dumps(row) + "\n" for row in ROWS),
    "csv": "n,x,t\n" + "".join(f"{r['n']},{r['x']},{r['t']}\n" for r in ROWS),
}


@pytest.fixture(params=TEXTS, autouse=True)
def kind(request, tmp_path, monkeypatch) -> str:
    """A format, and a file of it in `a`, which is large enough to be kept."""
    monkeypatch.setattr("kspec.data.parsed.SMALL", 0)
    (tmp_path / "a").write_text(TEXTS[request.param])
    return request.param


def columns(folder, kind: str, **args: object):
    """All columns of the file."""
    table = make("source", Call(kind, {"path": "a", **args})).open(folder)
    return table.read(np.arange(len(table)), tuple(table.columns))


def same(given, wanted) -> bool:
    return given.keys() == wanted.keys() and all(
        given[name].dtype == wanted[name].dtype and np.array_equal(given[name], wanted[name])
        for name in wanted
    )


def test_a_file_is_parsed_once_and_a_damaged_cache_is_made_anew(kind, tmp_path, cache, monkeypatch):
    first = {name: np.array(array) for name, array in columns(tmp_path, kind).items()}
    assert [str(word) for word in first["t"][:3]] == ["", "word", "wordword"]
    (kept,) = (cache / kind).iterdir()
    with monkeypatch.context() as patch:
        patch.setattr("kspec.data.parsed.pack", None)  # nothing is parsed again
        again = columns(tmp_path, kind)
    assert isinstance(again["n"], np.memmap) and same(again, first)
    del again
    good = kept.read_bytes()
    flipped = bytearray(good)
    flipped[300] ^= 1
    for content in (bytes(flipped), good[:-1], good[: len(good) // 2], b"", good + b"\0"):
        kept.write_bytes(content)
        assert same(columns(tmp_path, kind), first)
        assert kept.read_bytes() == good


def test_it_works_without_a_cache(kind, tmp_path, monkeypatch):
    first = columns(tmp_path, kind)
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    without = columns(tmp_path, kind)
    assert not isinstance(without["n"], np.memmap) and same(without, first)


def test_other_content_and_other_options_are_never_taken_from_the_cache(kind, tmp_path, cache):
    first = columns(tmp_path, kind)
    (tmp_path / "a").write_text(TEXTS[kind].replace("99", "98"))
    assert str(columns(tmp_path, kind)["n"][99]) == "98" and str(first["n"][99]) == "99"
    if kind == "csv":
        other = columns(tmp_path, kind, delimiter=";")
        assert list(other) == ["n,x,t"]
    assert len(list((cache / kind).iterdir())) == (3 if kind == "csv" else 2)


def test_small_files_are_not_kept(kind, tmp_path, cache, monkeypatch):
    monkeypatch.setattr("kspec.data.parsed.SMALL", 2**20)
    columns(tmp_path, kind)
    assert not cache.exists()


def test_the_fingerprint_is_of_content_and_fields(kind, tmp_path):
    def fingerprint(**args: object) -> str:
        return make("source", Call(kind, {"path": "a", **args})).open(tmp_path).fingerprint()

    first = fingerprint()
    (tmp_path / "a").touch()
    assert fingerprint() == first
    assert fingerprint(m="n") != first
    (tmp_path / "a").write_text(TEXTS[kind].replace("99", "98"))
    assert fingerprint() != first


def test_a_file_that_changes_while_it_is_read_is_refused(kind, tmp_path, monkeypatch):
    def hashed_before(*args: object):
        digest = real(*args)
        (tmp_path / "a").write_text(TEXTS[kind].replace("99", "98"))
        return digest

    real = parsed.hashlib.file_digest
    monkeypatch.setattr("kspec.data.parsed.hashlib.file_digest", hashed_before)
    assert "changed while it was read" in shown(refused(columns, tmp_path, kind))


def test_more_than_memory_is_refused(kind, tmp_path, monkeypatch):
    monkeypatch.setattr("kspec.data.packed.memory", lambda: 1000)
    mistake = shown(refused(columns, tmp_path, kind))
    assert "`a` cannot be read: its columns would take" in mistake and "there are 1,000" in mistake


def test_one_long_text_does_not_fill_memory_while_it_is_parsed(kind, tmp_path, monkeypatch):
    monkeypatch.setattr("kspec.data.packed._LARGEST", 1000)
    long = TEXTS[kind].replace("word" * 4, "long" * 500)
    (tmp_path / "a").write_text(long)
    given = columns(tmp_path, kind)
    assert given["t"].dtype == "U2000"
    assert [len(str(text)) for text in given["t"][:5]] == [0, 4, 8, 12, 2000]
