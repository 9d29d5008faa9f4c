"""The examples of `kspec layers NAME`: each is a model that compiles and uses the name."""

from __future__ import annotations

import pytest

import kspec as package
from kspec import reference
from kspec.registry import names
from kspec.syntax.format import format_text


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind in ("layer", "activation", "op") for name in names(kind)],
)
def test_the_examples_of_the_vocabulary_compile(kind, name):
    text = f"{reference.example(names(kind)[name])}\n"
    assert name in text and format_text(text) == text
    assert package.compile_text(text).compiled.module
