"""Layers: a model in the language in, its IR out, in `layers/<layer>.case`."""

from __future__ import annotations

import pytest

import kspec
from kspec.diagnostics import SpecError
from kspec.registry import names
from tests.cases import Case, read_cases, write_case
from tests.conftest import TESTS

FILES = sorted((TESTS / "layers").glob("*.case"))
CASES = [case for file in FILES for case in read_cases(file)]


def lower(text: str) -> str:
    """The IR of a model before any pass, or the mistake that it has."""
    try:
        program = kspec.compile_text(text, folder=TESTS / "language", allow_extern=True)
        return program.ir("after:elaborate")
    except SpecError as error:
        return error.render() + "\n"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_layer_lowers_as_the_case_shows(case: Case, updating: bool):
    output = lower(case.given)
    if updating:
        write_case(case, output)
        return
    assert output == case.expected


def test_every_layer_has_cases_and_every_case_a_layer():
    assert {file.stem for file in FILES} == set(names("layer"))


@pytest.mark.parametrize("kind", ["layer", "activation", "loss", "metric", "optimizer", "source"])
def test_everything_that_a_spec_can_name_is_documented(kind):
    for name, cls in names(kind).items():
        assert cls.__doc__ and len(cls.__doc__.split()) > 1, name
        for arg in cls.args:
            assert arg.doc.endswith("."), f"{name}({arg.name})"
