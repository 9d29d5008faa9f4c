"""`docs/reliability.md` is made from the suite."""

from __future__ import annotations

from tests.conftest import TESTS
from tests.faults.catalog import FAULTS, collected, page


def test_the_page_is_made_from_the_cases(golden):
    golden(TESTS.parent / "docs" / "reliability.md", page())


def test_every_number_is_a_fault():
    assert list(FAULTS) == [f"F{number:02}" for number in range(1, 49)]
    assert len(collected()) >= 40
