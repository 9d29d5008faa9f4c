"""Wrong rewrites are found, every one."""

from __future__ import annotations

from functools import cache

import pytest

from kspec.codegen.module import generate
from kspec.ir import verify
from tests.oracle.cases import Case
from tests.oracle.compare import Difference, Reference, worst
from tests.oracle.executors import generated, unoptimized
from tests.oracle.planted import PLANTED, Planted


@cache
def reference(case_text: str) -> Reference:
    case = next(each.case for each in PLANTED if each.case.text == case_text)
    return Reference(case)


def caught(planted: Planted) -> list[Difference]:
    """What the harness says of a program with a wrong rewrite."""
    case: Case = planted.case
    plain = unoptimized(case)
    wrong = planted.wrong(plain)
    verify(wrong, after=planted.name)
    assert generate(wrong, "c") != generate(plain, "c"), f"{planted.name} changes nothing"
    return worst(reference(case.text).against("P", generated(case, wrong), ()))


def test_there_are_many_and_the_beds_are_sound():
    assert len({each.name for each in PLANTED}) == len(PLANTED) >= 50
    for case in {each.case.text: each.case for each in PLANTED}.values():
        assert not worst(reference(case.text).own())


def test_some_wrong_rewrites_are_found():
    missed = [each.name for each in PLANTED[::9] if not caught(each)]
    assert not missed


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, len(PLANTED), 10))
def test_all_wrong_rewrites_are_found(first):
    missed = [each.name for each in PLANTED[first : first + 10] if not caught(each)]
    assert not missed
