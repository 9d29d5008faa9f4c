"""Rows of different lengths: where they come from, and how programs get them."""

from __future__ import annotations

import numpy as np
import pytest

from kspec.data.arrays import ArrayTable
from kspec.data.declaration import DataDeclaration, declaration_from_json, declaration_to_json
from kspec.data.fields import FieldType
from kspec.data.ragged import Ragged, as_column
from kspec.data.schema import open_fields
from kspec.ir import Call
from kspec.registry import make
from tests.data.harness import refused, shown

ROWS = [[5, 6], [], [7, 8, 9]]


def tokens(bound: int = 4, dtype: str = "i32", *step: int) -> FieldType:
    """A ragged field."""
    return FieldType("tokens", dtype, (f"..{bound}", *step))


def opened(column: object, field: FieldType) -> dict[str, np.ndarray]:
    """What the program gets of a column."""
    table = ArrayTable({"tokens": as_column(column)}, "the table")
    return dict(open_fields(table, (field,)).arrays)


def npz(folder, **arrays: object) -> ArrayTable:
    """An archive, opened."""
    np.savez(folder / "a.npz", **{name: np.asarray(a) for name, a in arrays.items()})
    return make("source", Call("npz", {"path": "a.npz"})).open(folder)


def test_a_column_is_its_steps_and_the_lengths_of_its_rows():
    column = Ragged.of(ROWS)
    np.testing.assert_array_equal(column.values, [5, 6, 7, 8, 9])
    np.testing.assert_array_equal(column.lengths, [2, 0, 3])
    assert column.values.dtype.kind == "i"  # the empty row makes no floats of the others
    assert [column.row_of(step) for step in range(5)] == [0, 0, 2, 2, 2]
    back = column[np.array([2, 1, 0, 2])]
    np.testing.assert_array_equal(back.values, [7, 8, 9, 5, 6, 7, 8, 9])
    np.testing.assert_array_equal(back.lengths, [3, 0, 2, 3])


@pytest.mark.parametrize(
    "given",
    [
        ROWS,
        [np.array(row, np.int64) for row in ROWS],
        np.array([np.array(row, np.int32) for row in ROWS], dtype=object),
        Ragged.of(ROWS),
    ],
    ids=["lists", "arrays", "an array of arrays", "ragged"],
)
def test_programs_get_padded_rows_and_their_lengths(given):
    arrays = opened(given, tokens())
    np.testing.assert_array_equal(arrays["tokens"], [[5, 6, 0, 0], [0] * 4, [7, 8, 9, 0]])
    np.testing.assert_array_equal(arrays["tokens_length"], [2, 0, 3])
    assert {a.dtype for a in arrays.values()} == {np.dtype(np.int32)}


def test_steps_may_have_axes_of_their_own():
    rows = [np.ones((2, 3), np.float32), np.zeros((0, 3), np.float32)]
    arrays = opened(rows, tokens(3, "f32", 3))
    assert arrays["tokens"].shape == (2, 3, 3)
    np.testing.assert_array_equal(arrays["tokens"].sum((1, 2)), [6, 0])
    wrong = refused(opened, rows, tokens(3, "f32", 2))
    assert "`tokens` is f32[..2, 3] in the data, and the spec says f32[..3, 2]" in shown(wrong)


def test_a_column_of_one_length_is_as_long_in_each_row():
    arrays = opened(np.arange(6).reshape(2, 3), tokens())
    np.testing.assert_array_equal(arrays["tokens"], [[0, 1, 2, 0], [3, 4, 5, 0]])
    np.testing.assert_array_equal(arrays["tokens_length"], [3, 3])


@pytest.mark.parametrize("given", [[[], []], Ragged.of([[], []])], ids=["lists", "ragged"])
@pytest.mark.parametrize("dtype", ["i32", "f32", "bool"])
def test_rows_may_all_be_empty(given, dtype):
    arrays = opened(given, tokens(2, dtype))
    assert not arrays["tokens"].any() and arrays["tokens"].shape == (2, 2)
    np.testing.assert_array_equal(arrays["tokens_length"], [0, 0])


def test_no_row_is_cut_off():
    mistake = refused(opened, [*ROWS, [1] * 7, [2] * 5], tokens())
    assert mistake.code == "E526"
    text = shown(mistake)
    assert "`tokens` has 7 steps here, and the spec says at most 4" in text
    assert "the table, row 3 of `tokens`; 2 rows are too long" in text
    assert "the longest has 7: declare `..7`" in text
    assert refused(opened, np.zeros((2, 5), np.int32), tokens()).code == "E526"


def test_a_wrong_step_is_shown_with_its_row():
    below = FieldType("tokens", "i32", ("..4",), below=9)
    assert "row 2 of `tokens`" in shown(refused(opened, ROWS, below))
    assert "row 1" in shown(refused(opened, [[1.0], [2.0, np.inf]], tokens(4, "f32")))
    assert refused(opened, [[1.5], [2.0, 3.0]], tokens()).code == "E505"


@pytest.mark.parametrize("shape", [("T",), (3,), ()])
def test_a_field_of_one_length_takes_no_rows_of_several(shape):
    wrong = refused(opened, ROWS, FieldType("tokens", "i32", shape))
    assert wrong.code == "E505" and "declare it as `tokens : i32[..3]`" in shown(wrong)


# --- npz


@pytest.mark.parametrize(
    "rows", [{"tokens_lengths": [2, 0, 3]}, {"tokens_offsets": np.array([0, 2, 2, 5], np.uint8)}]
)
def test_an_archive_tells_rows_by_lengths_or_offsets(tmp_path, rows):
    table = npz(tmp_path, tokens=[5, 6, 7, 8, 9], label=[0, 1, 0], **rows)
    assert set(table.columns) == {"tokens", "label"}
    assert table.columns["tokens"].shape == ("..3",)
    assert len(table) == 3
    column = table.read(np.array([2, 0]), ("tokens",))["tokens"]
    assert isinstance(column, Ragged)
    np.testing.assert_array_equal(column.values, [7, 8, 9, 5, 6])
    named = make("source", Call("npz", {"path": "a.npz", "words": "tokens"})).open(tmp_path)
    assert dict(named.columns) == {"words": table.columns["tokens"]}


def test_a_column_that_is_called_like_lengths_is_one_all_the_same(tmp_path):
    """It has a number for each row of the other, and is no list of lengths of its parts."""
    table = npz(tmp_path, x=np.zeros((3, 4)), x_lengths=[4, 2, 3])
    assert table.columns["x"].shape == (4,)
    assert set(table.columns) == {"x", "x_lengths"}


@pytest.mark.parametrize(
    "rows",
    [
        {"tokens_lengths": [2, 4]},
        {"tokens_lengths": [6, -1]},
        {"tokens_lengths": [2.0, 3.0]},
        {"tokens_offsets": [0, 2, 4]},
        {"tokens_offsets": [1, 2, 5]},
        {"tokens_offsets": [0, 4, 2, 5]},
        {"tokens_offsets": [[0, 5]]},
        {"tokens_offsets": np.zeros(0, np.int32)},
    ],
    ids=str,
)
def test_an_archive_whose_rows_do_not_fit_is_refused(tmp_path, rows):
    mistake = refused(npz, tmp_path, tokens=[5, 6, 7, 8, 9], **rows)
    assert mistake.code == "E502" and next(iter(rows)) in shown(mistake)


def test_the_fingerprint_is_that_of_steps_and_lengths(tmp_path):
    whole = npz(tmp_path, tokens=[5, 6, 7], tokens_lengths=[1, 2]).fingerprint()
    assert whole == npz(tmp_path, tokens=[5, 6, 7], tokens_offsets=[0, 1, 3]).fingerprint()
    assert whole != npz(tmp_path, tokens=[5, 6, 7], tokens_lengths=[2, 1]).fingerprint()


def test_a_declaration_reads_back():
    declaration = DataDeclaration((tokens(),), None, {"train": 1.0}, buckets=(2, 4))
    assert declaration_from_json(declaration_to_json(declaration)) == declaration
