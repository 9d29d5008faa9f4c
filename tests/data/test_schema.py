"""Declared types: values are taken exactly or not at all, and the row is named."""

from __future__ import annotations

import numpy as np
import pytest

from kspec.data.schema import open_fields
from kspec.diagnostics import SpecError
from tests.data.harness import checked, field, refused, shown, table

F32 = np.float32


@pytest.mark.parametrize(
    ("array", "type", "dtype"),
    [
        (np.zeros((3, 2), F32), "f32[2]", "float32"),
        (np.ones((3, 2)), "f32[2]", "float32"),
        (np.ones(3, np.float16), "f32", "float32"),
        (np.arange(3), "i32", "int32"),
        (np.arange(3), "u8", "uint8"),
        (np.arange(3, dtype=np.uint8), "i32", "int32"),
        (np.array([True, False, True]), "bool", "bool"),
        (np.array(["1", "-2", "3"]), "i32", "int32"),
        (np.array(["1.5", "2", "1e3"]), "f32", "float32"),
        (np.array(["a", "b", "c"]), "str", "<U1"),
        (np.array([0, 1, 9]), "class[10]", "int32"),
        (np.array(["0", "1", "9"]), "class[10]", "int32"),
    ],
)
def test_values_that_fit_are_taken(array, type, dtype):
    given = checked(table(a=array), a=type).arrays["a"]
    assert given.dtype == np.dtype(dtype)
    if dtype[0] != "<":
        np.testing.assert_array_equal(given, array.astype(dtype))


@pytest.mark.parametrize(
    ("array", "type", "code", "words"),
    [
        (np.zeros((3, 2), F32), "f32[3]", "E505", "f32[2] in the data, and the spec says f32[3]"),
        (np.zeros(3, F32), "f32[1]", "E505", "f32"),
        (np.zeros(3, F32), "i32", "E505", "f32 in the data"),
        (np.arange(3), "f32", "E505", "i64 in the data"),
        (np.arange(3), "bool", "E505", "i64 in the data"),
        (np.array(["a", "b", "c"]), "bool", "E505", "str in the data"),
        (np.arange(3), "str", "E505", "i64 in the data"),
        (np.array([0, 2**31, 1]), "i32", "E508", "row 1"),
        (np.array([0, 1, -1]), "u8", "E508", "row 2"),
        (np.array([0, 1e39, 0]), "f32", "E508", "row 1"),
        (np.array([0, 1, np.nan], F32), "f32", "E507", "nan"),
        (np.array([[0, 1], [np.inf, 0]], F32), "f32[2]", "E507", "row 1"),
        (np.array(["1", "1.5", "2"]), "i32", "E508", "`1.5` is not a whole number"),
        (np.array(["1", "9" * 20]), "i32", "E508", f"`{'9' * 20}` is not a whole number"),
        (np.array(["1", "", "2"]), "f32", "E508", "row 1"),
        (np.array(["1", "nan", "2"]), "f32", "E507", "row 1"),
        (np.array([0, 10, -1]), "class[10]", "E506", "row 1 of `a`; 2 rows"),
        (np.array([0, -1, 3]), "class[10]", "E506", "is -1, and its classes are 0 to 9"),
        (np.array([0.0, 1.0, 2.0]), "class[3]", "E505", "f64 in the data"),
        (np.array(["a", "b", "c"]), "class[2]", "E513", "3 different values"),
    ],
)
def test_values_that_do_not_fit_are_refused_with_their_place(array, type, code, words):
    mistake = refused(checked, table(a=array), a=type)
    assert mistake.code == code
    assert words in shown(mistake)


def test_a_field_that_is_not_there_is_named_with_a_similar_one():
    mistake = refused(checked, table(label=np.arange(3)), lable="i32")
    assert mistake.code == "E504"
    assert "similar name: `label`" in shown(mistake)


def test_classes_without_a_number_are_counted_and_named():
    fields = checked(table(a=np.array(["rose", "lily", "rose"])), a="class")
    assert fields.arrays["a"].tolist() == [1, 0, 1]
    assert fields.class_names["a"] == ("lily", "rose")
    fields = checked(table(a=np.array([7, 3, 7])), a="class")
    assert fields.arrays["a"].tolist() == [1, 0, 1]
    assert fields.class_names["a"] == ("3", "7")


def test_names_of_classes_are_kept_for_other_parts():
    declared = (field("a", "class"),)
    part = table(a=np.array(["rose", "tulip"]))
    kept = {"a": ("lily", "rose", "tulip")}
    assert open_fields(part, declared, None, kept).arrays["a"].tolist() == [1, 2]
    mistake = refused(open_fields, table(a=np.array(["oak"])), declared, None, kept)
    assert mistake.code == "E513"
    assert "oak" in shown(mistake)


def test_all_mistakes_are_found_at_once():
    with pytest.raises(SpecError) as caught:
        checked(table(a=np.zeros(3), b=np.zeros(3)), a="i32", b="f32[2]", c="f32")
    assert [each.code for each in caught.value.diagnostics] == ["E505", "E505", "E504"]


def test_what_is_no_number_is_found_in_each_part(monkeypatch):
    monkeypatch.setattr("kspec.data.cells._PART", 6)
    values = np.zeros((7, 2), np.float32)
    values[5, 1] = np.inf
    mistake = refused(checked, table(x=values), x="f32[2]")
    assert mistake.code == "E507" and "row 5 of `x`" in shown(mistake) and "inf" in shown(mistake)
