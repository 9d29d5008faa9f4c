"""CSV: cells as they are meant, and every fault with its line."""

from __future__ import annotations

import numpy as np
import pytest

from kspec.ir import Call
from kspec.registry import make
from tests.data.harness import refused, shown


def opened(folder, text: str | bytes, **args: object):
    """A file of that text, opened."""
    data = text if isinstance(text, bytes) else text.encode()
    (folder / "a.csv").write_bytes(data)
    return make("source", Call("csv", {"path": "a.csv", **args})).open(folder)


def cells(table, *columns: str) -> list[list[str]]:
    """All cells, a list a column."""
    rows = table.read(np.arange(len(table)), columns)
    return [rows[column].tolist() for column in columns]


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,x\n2,y\n",
        "a,b\r\n1,x\r\n2,y\r\n",
        "\ufeffa,b\n1,x\n2,y",
        'a,b\n"1",x\n\n2,"y"\n',
    ],
)
def test_the_forms_of_a_table_are_the_same(tmp_path, text):
    assert cells(opened(tmp_path, text), "a", "b") == [["1", "2"], ["x", "y"]]


def test_quoted_cells_hold_delimiters_quotes_and_lines(tmp_path):
    table = opened(tmp_path, 'a,b\n"x, ""y""","1\n2"\nz,3\n')
    assert cells(table, "a", "b") == [['x, "y"', "z"], ["1\n2", "3"]]
    assert table.place(0, "a") == "`a.csv`, line 3"
    assert table.place(1, "a") == "`a.csv`, line 4"


def test_other_delimiters_and_fields_of_several_columns(tmp_path):
    table = opened(tmp_path, "w;h;k\n1;2;x\n3;4;y\n", delimiter=";", size=("w", "h"), kind="k")
    assert cells(table, "size", "kind") == [[["1", "2"], ["3", "4"]], ["x", "y"]]
    assert table.columns["size"].shape == (2,)


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        ("", "E502", "first line must name the columns"),
        ("a,b\n", "E509", "no rows"),
        ("a,b\n1,2\n3\n", "E502", "line 3 has 1 cells"),
        ("a,b\n1,2,3\n", "E502", "line 2 has 3 cells"),
        ("a,a\n1,2\n", "E502", "two columns are called `a`"),
        (b"a\n\xff\xfe\n", "E502", "not UTF-8"),
        ('a\n"open\n', "E502", "line"),
        ("a\n" + "x" * (2**20 + 1) + "\n", "E502", "line 2"),
    ],
)
def test_bad_tables_are_refused(tmp_path, text, code, reason):
    mistake = refused(opened, tmp_path, text)
    assert mistake.code == code
    assert reason in shown(mistake)
    assert "a.csv" in shown(mistake)


def test_a_column_that_is_not_there_is_named_with_a_similar_one(tmp_path):
    mistake = refused(opened, tmp_path, "width,height\n1,2\n", size="widht")
    assert mistake.code == "E504"
    assert "similar name: `width`" in shown(mistake)


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n"])
def test_a_delimiter_is_one_plain_character(delimiter):
    assert make("source", Call("csv", {"path": "a", "delimiter": delimiter})).check()
