"""Vocabularies in files: one word on each line, below the folder of the spec."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import kspec
from kspec.diagnostics import SpecError
from kspec.elaborate import listing
from kspec.ir import read, show

SPEC = """model M {{
  input x : {type}
  output y = x -> {call}
}}
"""


def answer(folder: Path, call: str, x: object, type: str = "str") -> list[int]:
    (folder / "m.kspec").write_text(SPEC.format(type=type, call=call), encoding="utf-8")
    return kspec.compile(folder / "m.kspec").init().predict({"x": np.array(x)})["y"].tolist()


@pytest.mark.parametrize("end", ["\n", "\r\n", ""], ids=["unix", "windows", "no end"])
def test_a_file_is_as_the_list_of_its_lines(tmp_path, end):
    text = (end or "\n").join(["Rome", "São Paulo", "Oslo"]) + end
    (tmp_path / "cities.txt").write_bytes(text.encode())
    asked = ["Oslo", "Bern", "São Paulo", "Rome"]
    found = answer(tmp_path, 'string_lookup(vocabulary="cities.txt")', asked)
    assert found == [3, 0, 2, 1]
    assert found == answer(
        tmp_path, 'string_lookup(vocabulary=["Rome", "São Paulo", "Oslo"])', asked
    )


def test_words_may_have_any_characters(tmp_path):
    words = ["it's", '"so"', "\\n", "\t", "a\0b", "\u2028", "", " ", "#", "日本", "😀"]
    (tmp_path / "words.txt").write_text("\n".join(words) + "\n", encoding="utf-8", newline="\n")
    found = answer(tmp_path, 'string_lookup(vocabulary="words.txt")', words)
    assert found == list(range(1, len(words) + 1))
    module = kspec.compile(tmp_path / "m.kspec").compiled.module
    assert show(read(show(module))) == show(module)


def test_what_keras_gives_as_a_vocabulary_will_do(tmp_path):
    (tmp_path / "words.txt").write_text("\n[UNK]\ncat\ndog\n", encoding="utf-8")
    call = 'text_vectorization(vocabulary="words.txt", output_sequence_length=3)'
    assert answer(tmp_path, call, ["a dog", "cat cat"]) == [[1, 3, 0], [2, 2, 0]]


def test_integers_come_from_files_too(tmp_path):
    (tmp_path / "codes.txt").write_text("70\n-3\n", encoding="utf-8")
    call = 'integer_lookup(vocabulary="codes.txt")'
    assert answer(tmp_path, call, np.array([-3, 70, 1], np.int32), "i32") == [2, 1, 0]


def test_a_library_names_files_of_its_own_folder(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "cities.txt").write_text("Rome\nOslo\n", encoding="utf-8")
    (tmp_path / "parts" / "cities.kspec").write_text(
        'block City {\n  input x : str\n  output x -> string_lookup(vocabulary="cities.txt")\n}\n',
        encoding="utf-8",
    )
    (tmp_path / "m.kspec").write_text(
        'import "parts/cities.kspec"\n\n' + SPEC.format(type="str", call="City"), encoding="utf-8"
    )
    run = kspec.compile(tmp_path / "m.kspec").init()
    assert run.predict({"x": np.array(["Oslo"])})["y"].tolist() == [2]


TRAINED = """data d {
  source = arrays()
  x : str
  t : f32
}

model M {
  input x : str
  output y = x -> string_lookup(vocabulary="cities.txt", output_mode=one_hot) -> dense(1)
}

train {
  model = M
  data = d
  loss = mean_squared_error(t, y)
  optimizer = sgd(0.1)
}
"""


def test_a_run_needs_the_file_no_more(tmp_path):
    (tmp_path / "cities.txt").write_text("Rome\nOslo\n", encoding="utf-8")
    (tmp_path / "m.kspec").write_text(TRAINED, encoding="utf-8")
    asked = {"x": np.array(["Oslo", "Rome"])}
    run = kspec.compile(tmp_path / "m.kspec").fit(
        {"train": {**asked, "t": np.array([1, 2], np.float32)}}, quiet=True
    )
    folder = run.save(tmp_path / "saved")
    (tmp_path / "cities.txt").unlink()
    expected = run.predict(asked)["y"]
    np.testing.assert_array_equal(kspec.load(folder).predict(asked)["y"], expected)


def test_a_file_of_any_size_is_not_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(listing, "LARGEST", 7)
    (tmp_path / "cities.txt").write_text("Rome\nOslo\n", encoding="utf-8")
    with pytest.raises(SpecError, match="cannot be read"):
        answer(tmp_path, 'string_lookup(vocabulary="cities.txt")', ["Oslo"])
