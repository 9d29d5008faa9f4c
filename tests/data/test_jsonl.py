"""JSON lines: values as they are meant, and every fault with its line."""

from __future__ import annotations

import json

import numpy as np
import pytest

from kspec.ir import Call
from kspec.registry import make
from tests.data.harness import dataset, refused, shown


def opened(folder, text: str | bytes, **args: object):
    """A file of that text, opened."""
    data = text if isinstance(text, bytes) else text.encode()
    (folder / "a.jsonl").write_bytes(data)
    return make("source", Call("jsonl", {"path": "a.jsonl", **args})).open(folder)


def column(table, name: str):
    """A whole column."""
    return table.read(np.arange(len(table)), (name,))[name]


ROWS = [
    {"n": 1, "x": 1, "yes": True, "text": "über", "grid": [[1, 2, 3], [4, 5, 6]], "on": [True]},
    {"n": -3, "x": 2.5, "yes": False, "text": "", "grid": [[7, 8, 9], [0, 1, 2.5]], "on": [False]},
]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


@pytest.mark.parametrize(
    "text",
    [
        LINES,
        LINES.rstrip("\n"),
        LINES.replace("\n", "\r\n"),
        "\ufeff" + LINES,
        LINES.replace("\n", "\n \n\n"),
        json.dumps(ROWS[0], ensure_ascii=False) + "\n" + json.dumps(dict(sorted(ROWS[1].items()))),
    ],
    ids=["plain", "no last end", "two characters end lines", "mark", "empty lines", "other order"],
)
def test_values_are_taken_as_they_are(tmp_path, text):
    table = opened(tmp_path, text)
    np.testing.assert_array_equal(column(table, "n"), [1, -3])
    np.testing.assert_array_equal(column(table, "x"), [1, 2.5])
    np.testing.assert_array_equal(column(table, "yes"), [True, False])
    assert column(table, "text").tolist() == ["über", ""]
    np.testing.assert_array_equal(column(table, "grid"), [row["grid"] for row in ROWS])
    types = {name: (each.dtype, each.shape) for name, each in table.columns.items()}
    assert types == {
        "n": ("i64", ()),
        "x": ("f64", ()),
        "yes": ("bool", ()),
        "text": ("str", ()),
        "grid": ("f64", (2, 3)),
        "on": ("bool", (1,)),
    }
    chosen = table.read(np.array([1, 0, 1]), ("n", "grid"))
    np.testing.assert_array_equal(chosen["n"], [-3, 1, -3])
    assert chosen["grid"].shape == (3, 2, 3)


def test_fields_of_other_names_and_of_several_columns(tmp_path):
    text = '{"w": 1, "h": 2.5, "kind": "a"}\n{"w": 3, "h": 4, "kind": "b"}\n'
    table = opened(tmp_path, text, size=("w", "h"), label="kind")
    assert table.columns["size"].shape == (2,) and table.columns["size"].dtype == "f64"
    np.testing.assert_array_equal(column(table, "size"), [[1, 2.5], [3, 4]])
    assert column(table, "label").tolist() == ["a", "b"]
    data = dataset(
        tmp_path,
        Call("jsonl", {"path": "a.jsonl", "size": ("w", "h")}),
        {"train": 1.0},
        size="f32[2]",
        kind="class",
    )
    assert data.splits["train"].class_names == {"kind": ("a", "b")}
    np.testing.assert_array_equal(data.splits["train"].arrays["kind"], [0, 1])
    missing = refused(opened, tmp_path, text, label="kinds")
    assert missing.code == "E504" and "similar name: `kind`" in shown(missing)
    mixed = refused(column, opened(tmp_path, text, all=("w", "kind")), "all")
    assert "the columns of `all` are not of one kind" in shown(mixed)


@pytest.mark.parametrize("fields", [{"y": 3}, {"y": ()}, {"y": ("a", 2)}])
def test_fields_are_names(fields):
    assert make("source", Call("jsonl", {"path": "a", **fields})).check()


GOOD = '{"x": 1}\n'


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        ("", "E509", "no rows"),
        ("\n\n", "E509", "no rows"),
        (GOOD + '{"x": 2', "E502", "line 2 is no JSON: expecting ',' delimiter at column 8; the"),
        (GOOD + "\n{'x': 2}\n", "E502", "line 3 is no JSON: expecting property name enclosed"),
        (GOOD + '{"x": 2} {"x": 3}\n', "E502", "line 2 is no JSON: extra data at column 10"),
        (GOOD + '"words"\n', "E502", 'line 2 is no object, as in {"x": 1}'),
        ("[1, 2]\n", "E502", "line 1 is no object"),
        ('{"x": 1, "y": 2, "x": 1}\n', "E502", "line 1 has the key `x` twice"),
        ('{"m": {"a": 1, "a": 2}}\n', "E502", "line 1 has the key `a` twice"),
        (GOOD + '{"x": NaN}\n', "E502", "line 2 has NaN, which is no JSON number"),
        (GOOD + '{"x": -Infinity}\n', "E502", "line 2 has -Infinity, which is no JSON number"),
        (GOOD.encode() + b'{"x": "\xff"}\n', "E502", "line 2 is not UTF-8 text (byte 8 of"),
        (GOOD + '{"x": ' + "[" * 200_000, "E502", "line 2 has too many brackets inside brackets"),
        (GOOD + '{"x": ' + "9" * 5000 + "}\n", "E502", "line 2 has a number of too many digits"),
        (b"\x1f\x8b\x08", "E502", "line 1 is not UTF-8 text"),
    ],
    ids=range(15),
)
def test_bad_files_are_refused(tmp_path, text, code, reason):
    mistake = refused(opened, tmp_path, text)
    assert mistake.code == code
    assert reason in shown(mistake) and "`a.jsonl`" in shown(mistake)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("{}", "line 2 has no `x`"),
        ('{"x": null}', "line 2: `x` is null"),
        ('{"x": "1"}', "line 2: `x` is a text; the first row is a number"),
        ('{"x": true}', "line 2: `x` is a truth value; the first row is a number"),
        ('{"x": [1]}', "line 2: `x` is a list; the first row is a number"),
        ('{"x": {"a": 1}}', "line 2: `x` is an object; the first row is a number"),
        ('{"x": 1e999}', "line 2: `x` is a number too large for 64 bits"),
        ('{"x": 9223372036854775808}', "line 2: `x` is a number too large for 64 bits"),
        ('{"x": 9007199254740993}\n{"x": 0.5}', "line 2: `x` has fractions, and this number is"),
        ('{"v": [1, 2, 3]}', "line 2: `v` is a list of 3; it is one of 2 in the first row"),
        ('{"v": [1, "2"]}', "line 2: `v` has a text; the first row has a number"),
        ('{"v": [1, null]}', "line 2: `v` has null"),
        ('{"m": [[1, 2], [3]]}', "line 2: `m` has a list of 1; it is one of 2"),
        ('{"m": [[1, 2], 3]}', "line 2: `m` has a number; the first row has a list"),
        ('{"t": "a\\u0000"}', "line 2: `t` has the character U+0000"),
        ('{"t": "\\ud800"}', "line 2: `t` has half of a surrogate pair"),
    ],
)
def test_a_bad_value_is_named_where_its_column_is_used(tmp_path, lines, reason):
    first = {"x": 1, "v": [1, 2], "m": [[1, 2], [3, 4]], "t": "a", "good": 1}
    rows = [first] + [first | json.loads(line) for line in lines.splitlines()]
    if lines == "{}":
        del rows[1]["x"]
    text = "".join(json.dumps(row).replace("Infinity", "1e999") + "\n" for row in rows)
    table = opened(tmp_path, text)
    bad = reason.split("`")[1]
    mistake = refused(column, table, bad)
    assert mistake.code == "E502"
    assert f"`a.jsonl` cannot be read: {reason}" in shown(mistake)
    np.testing.assert_array_equal(column(table, "good"), [1] * len(rows))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("null", "line 1: `x` is null"),
        ("[]", "line 1: `x` is an empty list"),
        ("[[]]", "line 1: `x` is an empty list"),
        ("{}", "line 1: `x` is an object"),
        ("[{}]", "line 1: `x` has an object"),
        ('["a"]', "line 1: `x` is a list of texts, and lists are of numbers"),
    ],
)
def test_columns_that_no_field_can_be(tmp_path, value, reason):
    assert reason in shown(refused(column, opened(tmp_path, f'{{"x": {value}}}\n'), "x"))


def test_a_fault_in_a_later_chunk_has_its_line(tmp_path, monkeypatch):
    monkeypatch.setattr("kspec.data.jsonl._CHUNK", 3)
    rows = [{"x": i, "y": [i, i + 0.5], "late": 1} for i in range(10)]
    del rows[0]["late"]
    rows[8]["y"] = [1]
    table = opened(tmp_path, "".join("\n" + json.dumps(row) for row in rows))
    np.testing.assert_array_equal(column(table, "x"), np.arange(10))
    assert "line 10: `y` is a list of 1" in shown(refused(column, table, "y"))
    assert "line 2 has no `late`" in shown(refused(column, table, "late"))
    assert table.place(8, "x") == "`a.jsonl`, line 10"


def test_a_key_that_comes_late_is_missing_from_the_first_line(tmp_path, monkeypatch):
    monkeypatch.setattr("kspec.data.jsonl._CHUNK", 2)
    table = opened(tmp_path, GOOD * 5 + '{"x": 1, "late": 2}\n')
    assert "line 1 has no `late`" in shown(refused(column, table, "late"))


def test_a_very_long_line_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("kspec.data.jsonl.LONGEST_LINE", 100)
    text = GOOD + json.dumps({"x": "y" * 100}) + "\n"
    assert "line 2 is longer than 100 bytes" in shown(refused(opened, tmp_path, text))


def test_numbers_that_are_whole_by_chance_fit_floats(tmp_path):
    opened(tmp_path, '{"x": 1, "v": [1, 2]}\n{"x": 9007199254740993, "v": [3, 4]}\n')
    source = Call("jsonl", {"path": "a.jsonl"})
    train = dataset(tmp_path, source, {"train": 1.0}, v="f32[2]").splits["train"].arrays
    assert train["v"].dtype == np.float32
    np.testing.assert_array_equal(train["v"], [[1, 2], [3, 4]])
    assert dataset(tmp_path, source, {"train": 1.0}, v="i32[2]")
    pair = Call("jsonl", {"path": "a.jsonl", "twice": ("v", "v")})
    assert dataset(tmp_path, pair, {"train": 1.0}, twice="f32[2,2]")
    mistake = refused(dataset, tmp_path, source, {"train": 1.0}, x="f32")
    assert mistake.code == "E508"
    assert "`a.jsonl`, line 2: `9007199254740993` is not a number that a float" in shown(mistake)


def test_a_fraction_is_no_whole_number(tmp_path):
    opened(tmp_path, '{"x": 1}\n{"x": 1.5}\n')
    mistake = refused(
        dataset, tmp_path, Call("jsonl", {"path": "a.jsonl"}), {"train": 1.0}, x="i32"
    )
    assert mistake.code == "E505" and "f64" in shown(mistake)


def test_a_bad_column_is_told_before_its_shape(tmp_path):
    opened(tmp_path, '{"v": [1, 2], "y": 1}\n{"v": [1], "y": 2}\n')
    source = Call("jsonl", {"path": "a.jsonl"})
    mistake = refused(dataset, tmp_path, source, {"train": 1.0}, v="f32[2]", y="i32")
    assert mistake.code == "E502" and "line 2: `v` is a list of 1" in shown(mistake)
