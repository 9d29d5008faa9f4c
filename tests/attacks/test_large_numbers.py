"""No number, for any argument of anything in the vocabulary, makes compiling take without bound."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

import kspec
from kspec.diagnostics import SpecError
from kspec.reference import example
from kspec.registry import Definition, names

NUMBERS = (-(2**63) + 1, 10**8, 2**31 - 1, 2**63 - 1)
LONGEST = 120.0  # seconds, on any machine: to tell slow from endless

TRAINED = """data d {{
  source = digits()
  split = {{ train: 80%, validation: 20% }}
  image : u8[8, 8]
  label : class[10]
}}
model M {{
  input image : u8[8, 8]
  output digit = image -> rescaling(1/16) -> flatten -> dense(10, softmax{weights})
}}
train {{
  model = M
  data = d
  loss = {loss}
  metrics = [{metric}]
  optimizer = {optimizer}
}}
"""
USES = {
    "weights": "",
    "loss": "sparse_categorical_crossentropy(label, digit)",
    "metric": "sparse_categorical_accuracy(label, digit)",
    "optimizer": "adam",
}
# Kind -> its place in a training, and how it stands there.
PLACES = {
    "metric": ("metric", "{name}(label, digit, {args})"),
    "loss": ("loss", "{name}(label, digit, {args})"),
    "optimizer": ("optimizer", "{name}({args})"),
    "schedule": ("optimizer", "sgd({name}({args}))"),
    "initializer": ("weights", ", kernel_initializer={name}({args})"),
    "constraint": ("weights", ", kernel_constraint={name}({args})"),
    "regularizer": ("weights", ", kernel_regularizer={name}({args})"),
}


def numeric(definition: type[Definition]) -> Iterator[str]:
    """The names of the arguments that can be numbers."""
    for each in definition.args:
        if re.search(r"\b(int|Steps|float)\b", str(definition.arg_types()[each.name])):
            yield each.name


def of_models(name: str, definition: type[Definition]) -> Iterator[str]:
    """The example of a part of a model, with each number in turn set to a large one."""
    text = example(definition)
    call = re.search(rf"\b{name}\b(\()?(?=[^:]*$)", text)
    assert call, text
    for argument in numeric(definition):
        for number in NUMBERS:
            yield _with(text, call, argument, number)


def _with(text: str, call: re.Match[str], argument: str, number: int) -> str:
    before, after = text[: call.end()], text[call.end() :]
    if given := re.search(rf"\b{argument}=[^,()]+", after):
        return f"{before}{after[: given.start()]}{argument}={number}{after[given.end() :]}"
    if not call[1]:
        return f"{before}({argument}={number}){after}"
    end = _closing(after)
    comma = ", " if end else ""
    return f"{before}{after[:end]}{comma}{argument}={number}{after[end:]}"


def _closing(text: str) -> int:
    """Where the bracket ends in which the text begins."""
    depth = 1
    for at, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if not depth:
            return at
    raise ValueError(text)


def of_trainings(kind: str, name: str, definition: type[Definition]) -> Iterator[str]:
    """A training with one part of it, with each number in turn set to a large one."""
    place, use = PLACES[kind]
    for argument in numeric(definition):
        needed = [a.name for a in definition.args if a.required and a.name != argument]
        for number in NUMBERS:
            args = ", ".join([f"{argument}={number}", *(f"{each}=2" for each in needed)])
            yield TRAINED.format(**{**USES, place: use.format(name=name, args=args)})


@pytest.mark.parametrize("kind", ["layer", "op", "activation", *PLACES])
def test_large_numbers_are_refused_or_compile_at_once(kind: str):
    compiled = 0
    for name, definition in names(kind).items():
        texts = of_trainings(kind, name, definition) if kind in PLACES else None
        for text in texts or of_models(name, definition):
            began = time.process_time()
            try:
                kspec.compile_text(text)
                compiled += 1
            except SpecError as error:
                assert error.render()
            assert time.process_time() - began < LONGEST, text
    assert compiled
