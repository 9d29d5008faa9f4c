"""Layers that learn from data, against Keras' answers to the same data; see `preprocessing.py`."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import kspec
from tests.parity.preprocessing import CASES, DATA, RECORDED, columns

ANSWERS: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))
TEXT = """
data d {{
  source = arrays()
{inputs}
  one : f32[1]
}}

model Net {{
{declared}
  input one : f32[1]
  output y = {operands} -> {layer}
  output z = one -> dense(1)
}}

train {{
  model = Net
  data = d
  loss = mean(square(z))
  optimizer = sgd(0.1)
}}
"""


def declared(name: str) -> str:
    """A column's type in a spec."""
    array = DATA[name][0]
    dtype = {"U": "str", "f": "f32", "i": "i32", "u": "u8"}[array.dtype.kind]
    shape = ", ".join(map(str, array.shape[1:]))
    return f"{dtype}[{shape}]" if shape else dtype


def compiled(name: str, layer: str) -> kspec.Program:
    """A model with one layer, and something to train."""
    names = list(dict.fromkeys(columns(name)))
    inputs = "\n".join(f"  {each} : {declared(each)}" for each in names)
    operands = columns(name)[0] if len(columns(name)) == 1 else f"({', '.join(columns(name))})"
    return kspec.compile_text(
        TEXT.format(
            inputs=inputs,
            declared=inputs.replace("  ", "  input ", 1).replace("\n  ", "\n  input "),
            operands=operands,
            layer=layer,
        )
    )


def answer(name: str, layer: str) -> np.ndarray:
    """What the layer gives for the columns to ask, after training on the others."""
    learn = {each: DATA[each][0] for each in columns(name)}
    ask = {each: DATA[each][1] for each in columns(name)}
    size, asked = (len(next(iter(part.values()))) for part in (learn, ask))
    ones = {"one": np.ones((size, 1), np.float32)}
    run = compiled(name, layer).fit({"train": learn | ones}, quiet=True)
    return run.predict(ask | {"one": np.ones((asked, 1), np.float32)})["y"]


@pytest.mark.parametrize(("name", "layer", "_keras"), CASES, ids=[f"{n}: {x}" for n, x, _ in CASES])
def test_layers_that_learn_answer_as_keras_does(name: str, layer: str, _keras: str):
    given = answer(name, layer)
    expected = np.asarray(ANSWERS[f"{name}: {layer}"])
    if expected.dtype.kind == "i" or given.dtype.kind == "i":
        np.testing.assert_array_equal(given, expected)
    else:
        np.testing.assert_allclose(given, expected, rtol=1e-5, atol=1e-5)


def test_all_answers_are_asked_for():
    assert set(ANSWERS) == {f"{name}: {layer}" for name, layer, _ in CASES}
