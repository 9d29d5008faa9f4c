"""Passes: IR in, IR out, in `passes/<pass>.case`."""

from __future__ import annotations

import pytest

from kspec.ir import read, show, verify
from kspec.passes import PIPELINE, optimize
from tests.cases import Case, read_cases, write_case
from tests.conftest import TESTS

FILES = sorted((TESTS / "passes").glob("*.case"))
PASSES = {run.__name__: run for run in PIPELINE}
CASES = [case for file in FILES for case in read_cases(file)]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_pass_gives_what_the_case_shows(case: Case, updating: bool):
    before = read(case.given)
    verify(before)
    after = PASSES[case.file.stem](before)
    verify(after, after=case.file.stem)
    if updating:
        write_case(case, show(after))
        return
    assert show(after) == case.expected


def test_every_pass_has_cases_and_every_case_a_pass():
    assert {file.stem for file in FILES} == set(PASSES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_second_run_changes_nothing(case: Case):
    once = PASSES[case.file.stem](read(case.given))
    assert show(PASSES[case.file.stem](once)) == show(once)


def test_optimize_verifies_between_passes():
    def breaks(module):
        return module.map_funcs(lambda func: func.with_ops(()))

    module = read(
        "module m\n\nfunc f(%x: f32[B,8]) {\n  %y = relu(%x) : f32[B,8]\n  return a=%y\n}"
    )
    with pytest.raises(Exception, match="after breaks"):
        optimize(module, (breaks,))
